"""Titles, branches, what a model reads of a conversation, and what one reads as elsewhere."""

from __future__ import annotations

import json
import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from solvent.talking.context import as_text, context_of
from solvent.talking.conversation import Conversation, title_of
from solvent.talking.turn import Document, Picture, Turn, beside, leaf_under, path_to, settled
from solvent.talking.written import as_json, as_markdown
from solvent.values.ids import AnswerId, ConversationId, CustomerId, PersonId, TurnId
from solvent.values.limits import (
    CONTEXT_CHARACTERS_MAX,
    CONTEXT_DOCUMENTS_CHARACTERS_MAX,
    CONTEXT_TURNS_MAX,
    CONVERSATION_TITLE_CHARACTERS_MAX,
)

AT_US = 1_790_000_000_000_000


def turn(number: int, parent: int = -1, question: str = "?", answer: str = "!") -> Turn:
    above = TurnId(f"turn_{parent:04}") if parent >= 0 else TurnId("")
    id, of, receipt = TurnId(f"turn_{number:04}"), ConversationId("con"), AnswerId(f"ans_{number}")
    return Turn(id, of, above, AT_US, question, 0, "quick", "small", receipt, answer, "answered")


@given(st.text(max_size=500))
def test_a_title_is_one_printable_line(question: str) -> None:
    title = title_of(question)
    assert len(title) <= CONVERSATION_TITLE_CHARACTERS_MAX
    assert title.isprintable()
    assert title == " ".join(title.split())


@given(st.lists(st.integers(-1, 30), min_size=1, max_size=30))
def test_every_branch_ends_in_a_turn_that_nothing_follows(parents: list[int]) -> None:
    turns = [turn(n, min(parent, n - 1)) for n, parent in enumerate(parents)]
    known = {each.id: each for each in turns}
    for each in turns:
        leaf = leaf_under(turns, each.id)
        path = path_to(known, leaf)
        assert each in path
        assert path[0].parent == ""
        assert not beside(turns, leaf)
        assert each.id in beside(turns, each.parent)
        assert all(after.parent == before.id for before, after in pairwise(path))


@given(st.lists(st.integers(0, 40_000), max_size=60))
def test_a_model_reads_the_newest_turns_that_fit_and_the_question_always(lengths: list[int]) -> None:
    path = [turn(n, n - 1, answer="x" * length) for n, length in enumerate(lengths)]
    asked = turn(len(path), question="and?", answer="")
    context = context_of([*path, asked], {}, {}, sees=False)
    *before, last = context.messages
    assert last == {"role": "user", "content": "and?"}
    answered = [each for each in path if each.answer]
    assert [message["role"] for message in before] == ["user", "assistant"] * (len(answered) - context.left_out)
    assert sum(len(message["content"]) for message in context.messages) <= CONTEXT_CHARACTERS_MAX
    assert len(before) <= 2 * CONTEXT_TURNS_MAX
    if context.left_out and len(before) < 2 * CONTEXT_TURNS_MAX:
        told = sum(len(message["content"]) for message in context.messages)
        assert told + len(answered[context.left_out - 1].answer) + 1 > CONTEXT_CHARACTERS_MAX


def test_pictures_are_shown_newest_first_while_they_fit_and_only_to_who_sees() -> None:
    path = [turn(n, n - 1, question=str(n)) for n in range(3)]
    large = [Picture("image/png", b"x" * 1_000_000)]
    pictures = {each.id: large for each in path}
    content = [message["content"] for message in context_of(path, pictures, {}, sees=True).messages[::2]]
    assert content[0] == "0"
    assert [part["type"] for part in content[1]] == [part["type"] for part in content[2]] == ["text", "image_url"]
    assert content[2][1]["image_url"]["url"].startswith("data:image/png;base64,eHh4")
    blind = context_of(path, pictures, {}, sees=False)
    assert [message["content"] for message in blind.messages[::2]] == ["0", "1", "2"]


def test_documents_are_read_newest_first_while_they_fit_and_named_where_they_do_not() -> None:
    path = [turn(n, n - 1, question=str(n)) for n in range(3)]
    large = Document("large.pdf", 1, "x" * (CONTEXT_DOCUMENTS_CHARACTERS_MAX // 2 + 1), 9, 4, is_cut=True)
    told = context_of(path, {}, {path[0].id: [large], path[2].id: [large]}, sees=False).messages[::2]
    assert [message["content"][:20] for message in told] == ["large.pdf\n\n0", "1", "large.pdf (4/9) …\n``"]
    assert told[2]["content"].endswith("x\n```\n\n2")
    fenced = as_text(Document("a.md", 1, "````\ncode\n````"))
    assert fenced == "a.md\n`````\n````\ncode\n````\n`````"


def test_an_answer_that_was_cut_off_with_its_process_does_not_stay_on_its_way() -> None:
    asked = Turn(*(getattr(turn(1), name) for name in Turn.__struct_fields__[:9]))
    assert settled(asked, AT_US + 1).state == "asked"
    lost = settled(asked, AT_US + 3_600_000_000)
    assert (lost.state, lost.fault) == ("failed", "upstream_cut_off")
    assert settled(turn(1), AT_US + 3_600_000_000) == turn(1)


def test_a_conversation_is_taken_along_as_markdown_and_as_json() -> None:
    talk = Conversation(
        ConversationId("con"), CustomerId("c"), PersonId("p"), "Latte", AT_US, AT_US, TurnId("turn_0001")
    )
    turns = [turn(0, question="How much?", answer="**5,900**"), turn(1, 0, question="Why?", answer="")]
    text = as_markdown(talk, turns, {}, "You", "Answer").decode()
    assert text == "# Latte\n\n## You\n\nHow much?\n\n## Answer\n\n**5,900**\n\n## You\n\nWhy?\n"
    told = json.loads(as_json(talk, turns, {}))
    assert [each["parent"] for each in told["turns"]] == [None, "turn_0000"]
    assert told["shown"] == "turn_0001"
    assert re.fullmatch(r"2026-09-\d\dT.*Z", told["created_at"])
