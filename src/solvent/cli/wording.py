"""How commands speak to people, in Korean or English: words, and money rounded for the eye only."""

from __future__ import annotations

import os
from fractions import Fraction

from solvent.cli.words import WORDS
from solvent.margin.break_even import BreakEven
from solvent.values.money import SIGNS, Money, grains_per_unit, minor_digits

MINUS = "−"
_WORDS = {
    "en": {
        "customer": "customer",
        "plan": "plan",
        "model": "model",
        "day": "day",
        "total": "total",
        "answers": "answers",
        "revenue": "charged",
        "plans": "plans",
        "plans_and_packs": "plans and packs",
        "cost": "cost",
        "margin": "margin",
        "cost_each": "cost/answer",
        "charge_each": "charge/answer",
        "pictures": "pictures",
        "characters": "characters",
        "minutes": "minutes",
        "video_seconds": "video s",
        "no_answers": "No answers are on the books in these {days} days.",
        "kept": "Answers brought in {amount} more than they cost in {days} days.",
        "lost": "Answers cost {amount} more than they brought in, in {days} days.",
        "kept_with_plans": "Answers, plans and packs brought in {amount} more than answers cost in {days} days.",
        "lost_with_plans": "Answers cost {amount} more than answers, plans and packs brought in, in {days} days.",
        "some_customers": "{shown:,} of {count:,} customers: those with the {which} margin.",
        "least": "least",
        "most": "most",
        "failed": "Questions that failed: {count:,}; nothing was charged for them.",
        "idle": "{model}: its engine was {busy:.1f} % busy; {hours} idle hours cost {cost}, which is on no answer.",
        "after_idle": "What is left less idle engines: {amount}.",
        "standing": "{plan}: breaks even at {answers:,} answers a month: net price {net}, less {fixed} fixed "
        "and {subsidy} for free customers, at {each} an answer.",
        "standing_unknown": "{plan}: no answer has cost anything yet, so there is no break-even (net price {net}).",
        "tail_line": "{time}  {who} {model} {tokens:>13}  {charge:>9} charged  {cost:>9} cost  {kept:>9} kept  "
        "{seconds:>6.2f} s  {outcome}",
        "tail_tries": "{count} tries",
        "tail_again": "The service cannot be heard; trying again until it can.",
        "receipt": "{time}  {who} {charge:>9} charged  {cost:>9} cost  {kept:>9} kept  {seconds:.2f} s  {outcome}",
    },
    "ko": {
        "customer": "고객",
        "plan": "요금제",
        "model": "모델",
        "day": "날짜",
        "total": "합계",
        "answers": "답변",
        "revenue": "요금",
        "plans": "요금제",
        "plans_and_packs": "요금제와 묶음",
        "cost": "비용",
        "margin": "남은 돈",
        "cost_each": "답변당 비용",
        "charge_each": "답변당 요금",
        "pictures": "그림",
        "characters": "글자",
        "minutes": "분",
        "video_seconds": "영상 초",
        "no_answers": "{days}일 동안 장부에 적힌 답변이 없습니다.",
        "kept": "{days}일 동안 답변 요금이 비용보다 {amount} 많았습니다.",
        "lost": "{days}일 동안 답변 비용이 요금보다 {amount} 많았습니다.",
        "kept_with_plans": "{days}일 동안 답변 요금과 요금제 수입이 비용보다 {amount} 많았습니다.",
        "lost_with_plans": "{days}일 동안 답변 비용이 요금과 요금제 수입보다 {amount} 많았습니다.",
        "some_customers": "고객 {count:,}명 가운데 남은 돈이 {which} {shown:,}명입니다.",
        "least": "가장 적은",
        "most": "가장 많은",
        "failed": "질문 {count:,}개가 실패했고, 그 값은 받지 않았습니다.",
        "idle": "{model}: 엔진이 {busy:.1f}% 일했습니다. 쉰 {hours}시간 비용 {cost}, 답변에는 싣지 않았습니다.",
        "after_idle": "쉰 엔진 비용까지 빼면 남은 돈: {amount}.",
        "standing": "{plan}: 한 달 답변 {answers:,}개가 본전입니다. 순매출 {net}에서 고정비 {fixed}, "
        "무료 고객 몫 {subsidy} 빼고, 답변당 {each}으로 셈했습니다.",
        "standing_unknown": "{plan}: 아직 든 돈이 없어 본전을 셈할 수 없습니다 (순매출 {net}).",
        "tail_line": "{time}  {who} {model} {tokens:>13}  요금 {charge:>8}  비용 {cost:>8}  남음 {kept:>8}  "
        "{seconds:>6.2f}초  {outcome}",
        "tail_tries": "{count}번 시도",
        "tail_again": "서비스와 연결이 끊겼습니다. 다시 연결될 때까지 시도합니다.",
        "receipt": "{time}  {who} 요금 {charge:>8}  비용 {cost:>8}  남음 {kept:>8}  {seconds:.2f}초  {outcome}",
    },
}


def decimals(amount: Money) -> int:
    """How many decimals an amount deserves: more the smaller it is, none for a hundred won and more."""
    size = abs(Fraction(amount.grains, grains_per_unit(amount.currency)))
    minor = minor_digits(amount.currency)
    if not size:
        return 0
    if size < Fraction(1, 100):
        return 5
    if size < 1:
        return 4 if minor else 2
    return max(1, minor) if size < 100 else minor


class Speaker:
    """Says things in one language."""

    def __init__(self, language: str) -> None:
        self.language = language if language in _WORDS else "en"

    def __call__(self, word: str) -> str:
        if word in WORDS:
            english, korean = WORDS[word]
            return korean if self.language == "ko" else english
        return _WORDS[self.language][word]

    def money(self, amount: Money, places: int | None = None) -> str:
        """Rounded for the eye: to `places` decimals, or to as many as its size deserves.

        A positive amount too small for its column is "<0.01", never zero.
        """
        size = abs(Fraction(amount.grains, grains_per_unit(amount.currency)))
        places = decimals(amount) if places is None else places
        least = Fraction(1, 10**places)
        too_small = 0 < size < least
        digits = f"{float(least if too_small else size):,.{places}f}"
        sign = ("<" if too_small else "") + (MINUS if amount.grains < 0 else "")
        if amount.currency == "KRW" and self.language == "ko":
            return f"{sign}{digits}원"
        return f"{sign}{SIGNS.get(amount.currency, amount.currency + ' ')}{digits}"

    def sentence(self, margin: Money, days: int, *, has_plans: bool = False) -> str:
        """The one number that matters. has_plans: whether plans and packs earned something meanwhile."""
        size = Money(abs(margin.grains), margin.currency)
        word = ("lost" if margin.grains < 0 else "kept") + ("_with_plans" if has_plans else "")
        return self(word).format(amount=self.money(size), days=days)

    def standing(self, standing: BreakEven) -> str:
        """Where one plan breaks even."""
        net = self.money(standing.net_price)
        if standing.answers_month is None or standing.cost_per_answer_grains is None:
            return self("standing_unknown").format(plan=standing.plan, net=net)
        each = self.money(Money(standing.cost_per_answer_grains, standing.net_price.currency))
        fixed, subsidy = self.money(standing.fixed), self.money(standing.free_subsidy)
        return self("standing").format(
            plan=standing.plan, answers=standing.answers_month, net=net, each=each, fixed=fixed, subsidy=subsidy
        )


def speaker() -> Speaker:
    """The language of the terminal: SOLVENT_LANGUAGE, else the locale's."""
    names = (os.environ.get(name, "") for name in ("SOLVENT_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"))
    return Speaker(next((name for name in names if name), "en")[:2])
