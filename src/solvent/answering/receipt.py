"""The receipt: what one answer was, used, cost and earned. Written once, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from solvent.margin.line import MarginSums
from solvent.values.ids import AnswerId, CustomerId, KeyId
from solvent.values.money import Money
from solvent.values.usage import Usage

# answered: to its end. abandoned: the client left. broken: the upstream failed midway, or a guard stopped it.
# failed: nothing charged: no output, or a guard stopped it and the operator bears that.
# overdue: it ran longer than an answer may.
Outcome = Literal["answered", "abandoned", "broken", "failed", "overdue"]


class Receipt(msgspec.Struct, frozen=True):
    """One answer. Its fields are the columns of `receipts`, in their order; money is in grains.

    *_tokens, web_searches, engine_us, energy_uj, pictures, characters, audio_input_ms, video_seconds: see
    `values.usage`. What was charged for; where `usage_estimated`, cost was booked for `cost_input_tokens` read instead.
    cost_grains, charge_grains: in `currency`, the operator's. provider_cost_grains: as the provider bills it.
    overrun_grains: what the answer came to beyond its hold; the house bore it.
    source: the kinds of pots that paid, separated by spaces. granted_grains: the part of the charge that gifts paid.
    included_grains: what it came to at list price and the plan covered, so that nobody was charged it.
    *_us of first_token_us and total_us: since the question came in; first_token_us is -1 when none came.
    tries: what failed before, as provider:fault, separated by spaces. lost_grains: the part of the cost that those
    attempts may come to.
    guards: what guards did, as guard:act:count, separated by spaces.
    service: what it was asked through: chat/MODE for our own chat, else api/ and what was called.
    cost_parts: what the cost was for, as kind:grains, separated by spaces; "" in receipts from before it was kept.
    on_free_plan: 1 when the customer's own version of the plan asked for nothing and included something.
    attribution: by what engine_us and energy_uj are known: steps, phases, presence; "" without an engine of ours.
    alarms: what a person should look at, separated by spaces. usage_report: the upstream's own words.
    """

    id: AnswerId
    at_us: int
    customer: CustomerId
    plan: str
    key: KeyId
    end_user: str
    model: str
    provider: str
    upstream: str
    reason: str
    outcome: Outcome
    finish: str
    fault: str
    streamed: int
    output_tokens_max: int
    input_tokens: int
    cached_input_tokens: int
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int
    output_tokens: int
    reasoning_tokens: int
    engine_us: int
    energy_uj: int
    usage_estimated: int
    energy_estimated: int
    cost_input_tokens: int
    currency: str
    cost_grains: int
    charge_grains: int
    overrun_grains: int
    provider_currency: str
    provider_cost_grains: int
    cost_card: str
    price_card: str
    exchange: str
    first_token_us: int
    total_us: int
    alarms: str
    usage_report: str
    audio_input_tokens: int
    cached_audio_input_tokens: int
    image_input_tokens: int
    cached_image_input_tokens: int
    audio_output_tokens: int
    image_output_tokens: int
    web_searches: int
    source: str
    granted_grains: int
    included_grains: int
    tries: str = ""
    lost_grains: int = 0
    pictures: int = 0
    characters: int = 0
    audio_input_ms: int = 0
    guards: str = ""
    video_seconds: int = 0
    service: str = ""
    cost_parts: str = ""
    attribution: str = ""
    on_free_plan: int = 0

    @property
    def usage(self) -> Usage:
        """The quantities that were charged for."""
        return Usage(
            self.input_tokens,
            self.cached_input_tokens,
            self.cache_write_5m_tokens,
            self.cache_write_1h_tokens,
            self.output_tokens,
            self.reasoning_tokens,
            self.audio_input_tokens,
            self.cached_audio_input_tokens,
            self.image_input_tokens,
            self.cached_image_input_tokens,
            self.audio_output_tokens,
            self.image_output_tokens,
            self.web_searches,
            self.engine_us,
            self.energy_uj,
            self.pictures,
            self.characters,
            self.audio_input_ms,
            self.video_seconds,
        )

    @property
    def cost(self) -> Money:
        """What we paid."""
        return Money(self.cost_grains, self.currency)

    @property
    def charge(self) -> Money:
        """What they paid."""
        return Money(self.charge_grains, self.currency)

    @property
    def margin(self) -> Money:
        """What is left: gifts are no income."""
        return self.charge - Money(self.granted_grains, self.currency) - self.cost


def add_to(sums: MarginSums, receipts: Sequence[Receipt]) -> None:
    """Take some receipts into a margin line. Summed beside it first, for that is quick where they are many."""
    failed = charge = granted = included = cost = estimated = read = written = 0
    for one in receipts:
        if one.outcome == "failed":
            failed += 1
        charge += one.charge_grains
        granted += one.granted_grains
        included += one.included_grains
        cost += one.cost_grains
        estimated += one.usage_estimated
        read += (
            one.input_tokens + one.cached_input_tokens + one.cache_write_5m_tokens + one.cache_write_1h_tokens
            + one.audio_input_tokens + one.cached_audio_input_tokens + one.image_input_tokens
            + one.cached_image_input_tokens
        )  # fmt: skip
        written += one.output_tokens + one.reasoning_tokens + one.audio_output_tokens + one.image_output_tokens
        if one.energy_uj or one.pictures or one.characters or one.audio_input_ms or one.video_seconds:
            sums.energy_uj += one.energy_uj
            sums.pictures += one.pictures
            sums.characters += one.characters
            sums.audio_input_ms += one.audio_input_ms
            sums.video_seconds += one.video_seconds
    sums.failed += failed
    sums.answers += len(receipts) - failed
    sums.charge_grains += charge
    sums.granted_grains += granted
    sums.included_grains += included
    sums.cost_grains += cost
    sums.estimated_answers += estimated
    sums.input_tokens += read
    sums.output_tokens += written
