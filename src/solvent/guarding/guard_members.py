"""Have the texts of a whole body looked at by one guard after another, each seeing what those before it left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from solvent.guarding.acts import Acts
from solvent.guarding.look import look
from solvent.guarding.masking import masked
from solvent.guarding.rule import Rule
from solvent.guarding.walking import Take, walked, walked_json
from solvent.guards.port import Found, Said, Text


async def guard_members(
    members: Mapping[str, msgspec.Raw], rules: Sequence[Rule], acts: Acts, said: Said = "user", *, is_json: bool = False
) -> Mapping[str, msgspec.Raw]:
    """The members, masked where a rule says so. said: by whom, where they do not say it.

    is_json: the reply itself is JSON, and stays it. Raises Refused where something is blocked, Unavailable where a
    guard fails.
    """
    for rule in rules:
        texts = list[Text]()
        taking = _json_aware if is_json and rule.guard.sees == "stretches" else _plain
        walked(members, said, taking(_recorder(texts)))
        if not texts:
            continue
        found = await look(rule, texts, acts)
        rule.act([one for each in found for one in each], acts)
        if rule.action == "mask" and any(found):
            members = walked(members, said, taking(_replacer(zip(texts, found, strict=True))))
    return members


def _recorder(texts: list[Text]) -> Take:
    def take(words: str, said: Said) -> str:
        texts.append(Text(words, said))
        return words

    return take


def _replacer(pairs: Iterator[tuple[Text, list[Found]]]) -> Take:
    """Masks the texts in the order in which they were recorded."""

    def take(words: str, _said: Said) -> str:
        _, found = next(pairs)
        return masked(words, found) if found else words

    return take


def _plain(take: Take) -> Take:
    return take


def _json_aware(take: Take) -> Take:
    return lambda words, said: walked_json(words, said, take) if said == "reply" else take(words, said)
