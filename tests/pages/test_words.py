"""Every text of a page exists in both languages, and every key a template asks for is written."""

from __future__ import annotations

import re
from string import Formatter

import pytest
import yaml

from solvent.identity.person import LANGUAGES
from solvent.pages.drawing import WEB
from solvent.pages.words import WORDS, Words, demand_both, words_of

ASKED = re.compile(r"""\bw(?:\.markup)?\(\s*["']([a-z_0-9.]+)["']\s*[,)]""")


def members_of(words: Words, key: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words._texts[key]) if name}


def test_both_languages_have_the_same_texts_with_the_same_members_in_them() -> None:
    demand_both()
    korean, english = (words_of(language) for language in LANGUAGES)
    for key in korean.keys() & english.keys():
        members = [
            {name for _, name, _, _ in Formatter().parse(words._texts[key]) if name} for words in (korean, english)
        ]
        assert members[0] == members[1], key
        assert all(words._texts[key].strip() for words in (korean, english)), key


def test_every_key_of_a_template_is_written() -> None:
    asked = {
        (file.name, key)
        for file in (WEB / "templates").rglob("*.html")
        for key in ASKED.findall(file.read_text(encoding="utf-8"))
    }
    assert asked
    missing = [f"{file}: {key}" for file, key in sorted(asked) if not words_of("ko").has(key)]
    assert not missing


def test_korean_has_hangul_and_english_has_none() -> None:
    for key in sorted(words_of("en").keys()):
        assert not re.search("[가-힣]", words_of("en")._texts[key]), key


def test_words_depend_on_how_many_there_are_and_escape_what_is_put_in() -> None:
    words = Words({"a.n.one": "one answer", "a.n.other": "{n} answers", "a.b": "<b>{who}</b>"})
    assert (words("a.n", n=1), words("a.n", n=3)) == ("one answer", "3 answers")
    assert words.markup("a.b", who="<script>") == "<b>&lt;script&gt;</b>"
    with pytest.raises(KeyError):
        words("a.c")


def test_no_key_is_written_twice() -> None:
    """The second would silently take the place of the first."""

    def keys_of(node: yaml.Node | None, at: str) -> list[str]:
        if not isinstance(node, yaml.MappingNode):
            return []
        found = [f"{at}.{key.value}" for key, _ in node.value]
        return [*found, *(one for key, value in node.value for one in keys_of(value, f"{at}.{key.value}"))]

    for file in sorted(WORDS.glob("*/*.yaml")):
        keys = keys_of(yaml.compose(file.read_text(encoding="utf-8")), f"{file.parent.name}/{file.stem}")
        assert sorted(keys) == sorted(set(keys)), [key for key in keys if keys.count(key) > 1]
