"""The meter of one answer: a fold over what arrives, without I/O.

Where nobody can say what an answer used, we charge the least and book the most it can have been
(docs/decisions/0004-unknown-usage.md); both are marked as estimated.
"""

from __future__ import annotations

from typing import Final

import msgspec

from solvent.metering.dialect import ReadUsage, engine_usage, openai_usage
from solvent.metering.openai import plain_usage
from solvent.metering.tariff import PLAIN, UNKNOWN, may_name_tariff, reported_tariff
from solvent.values.errors import Invalid
from solvent.values.limits import TOKENS_MAX
from solvent.values.usage import Usage, all_input_tokens, all_output_tokens

# How far a report may go beyond its bounds and still be believed: hidden prompts, limits an upstream ignores.
SLACK: Final = 4
SLACK_TOKENS: Final = 10_000


class Measurement(msgspec.Struct, frozen=True):
    """What an answer used. Known: `least` and `most` are the same. Else bounds from both sides.

    tariff: that the upstream says it was served in; "" is the plain way, UNKNOWN one that we do not know.
    """

    least: Usage
    most: Usage
    estimated: bool
    refused_report: str = ""
    tariff: str = ""


class Meter:
    """Counts one answer. `input_tokens_most` bounds what the model can have read.

    beside: the most that can be used beside words; sure: what of it is used once anything is answered.

    read: understands the provider's usage reports; see `dialect.reader`.
    """

    __slots__ = (
        "_beside",
        "_input_tokens_most",
        "_made",
        "_output_tokens_max",
        "_read",
        "_refused",
        "_reported",
        "_running",
        "_sure",
        "_tariff",
        "_text",
        "left_unanswered",
        "pieces",
        "tier",
    )

    def __init__(
        self,
        input_tokens_most: int,
        output_tokens_max: int = TOKENS_MAX,
        read: ReadUsage = openai_usage,
        beside: Usage | None = None,
        sure: Usage | None = None,
    ) -> None:
        self._input_tokens_most = input_tokens_most
        self._output_tokens_max = output_tokens_max
        self._read = read
        self._beside = beside
        self._sure = sure
        self._made: Usage | None = None
        self._reported: Usage | None = None
        self._running: Usage | None = None
        self._refused = ""
        self._tariff = ""
        self.pieces = 0
        self.tier: bytes | msgspec.Raw | None = None  # as it was last named
        self._text = ""
        self.left_unanswered = False  # the upstream took the question and has not said what it used

    @property
    def is_complete(self) -> bool:
        """Whether the upstream has made its usage report, so that nothing is left to wait for."""
        return self._reported is not None

    def add(
        self, pieces: int, usage: bytes | msgspec.Raw | None, timings: bytes | msgspec.Raw | None, text: str = ""
    ) -> None:
        """Take in one chunk: how many pieces of text (at least one token each), and its reports, if any.

        text: of a whole reply, to count words in if no report is made: a token never spans two of them.
        """
        self.pieces += pieces
        self._text = text or self._text
        try:
            if usage is not None:
                self._reported = self._plausible(self._read_report(usage))
            if timings is not None:
                self._running = self._plausible(engine_usage(timings))
        except Invalid as wrong:
            self._refused = wrong.message

    def _read_report(self, report: bytes | msgspec.Raw) -> Usage:
        """What it says was used, and the tariff that it may name."""
        plain = plain_usage(report) if self._read is openai_usage else None
        if plain is not None:
            return plain
        if may_name_tariff(bytes(report)):
            self._serve(reported_tariff(report))
        return self._read(report)

    def count(self, made: Usage) -> None:
        """Take in what can be counted in an answer itself, such as pictures: so it is known, whatever is reported."""
        self._made = made if self._made is None else self._made + made

    def break_off(self) -> None:
        """An answer that ends before its end: nobody can be sure any more what it comes to."""
        self._sure = None

    def served_at(self, words: bytes | msgspec.Raw) -> None:
        """Take in the service tier that an upstream names beside its report, as JSON: once is enough."""
        self.tier = words
        if words not in PLAIN:
            self._serve(reported_tariff(b'{"service_tier":%b}' % bytes(words)))

    def _serve(self, tariff: str | None) -> None:
        if tariff != "":
            self._tariff = UNKNOWN if tariff is None else tariff

    def _plausible(self, usage: Usage) -> Usage:
        """Refuses a report in a wrong unit: far beyond what was sent and what was allowed to be written."""
        read, written = all_input_tokens(usage), all_output_tokens(usage)
        if self._beside is None and read <= self._input_tokens_most and written <= self._output_tokens_max:
            return usage  # as nearly all are
        if self._beside is not None:
            written -= all_output_tokens(self._beside)
            heard, most = usage.audio_input_ms, self._beside.audio_input_ms
            if heard > SLACK * most:
                raise Invalid("bad_usage", f"the upstream reports {heard} ms heard where {most} can be")
        if (
            read > SLACK * self._input_tokens_most + SLACK_TOKENS
            or written > SLACK * self._output_tokens_max + SLACK_TOKENS
        ):
            bounds = f"{self._input_tokens_most} sent and {self._output_tokens_max} allowed"
            message = f"the upstream reports {read} tokens read and {written} written where {bounds} are the bounds"
            raise Invalid("bad_usage", message)
        return usage

    def measure(self, engine: Usage | None = None) -> Measurement:
        """What was used. `engine`: the time and energy of our own engine, when it ran there."""
        known = self._reported or self._running
        if self._made is not None:
            known = self._made if known is None else known + self._made
        if known is not None:
            used = known if engine is None else known + engine
            return Measurement(used, used, estimated=False, refused_report=self._refused, tariff=self._tariff)
        extra = engine or Usage()
        if not self.pieces and not self._refused and not self.left_unanswered:
            return Measurement(extra, extra, estimated=False, tariff=self._tariff)
        if self._beside is not None:
            return self._of_what_is_beside(self._beside, extra)
        delivered = max(self.pieces, len(self._text.split()))
        least = Usage(output_tokens=delivered)
        most = Usage(input_tokens=self._input_tokens_most, output_tokens=delivered)
        return Measurement(
            least + extra, most + extra, estimated=True, refused_report=self._refused, tariff=self._tariff
        )

    def _of_what_is_beside(self, beside: Usage, extra: Usage) -> Measurement:
        """Of an answer that is not all words, and that nobody has said anything of."""
        least = self._sure if self.pieces and self._sure is not None else Usage()
        is_known = (least.pictures, least.characters, least.audio_input_ms, least.web_searches) == (
            beside.pictures, beside.characters, beside.audio_input_ms, beside.web_searches,
        )  # fmt: skip
        most = least if is_known else beside + Usage(input_tokens=self._input_tokens_most)
        return Measurement(
            least + extra, most + extra, estimated=least != most, refused_report=self._refused, tariff=self._tariff
        )
