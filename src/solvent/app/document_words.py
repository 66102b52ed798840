"""How documents speak to customers, in Korean and in English: words, dates, and money without rounding anything."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from solvent.ledger.unit import is_money
from solvent.values.instant import utc
from solvent.values.money import GRAINS_PER_MINOR_UNIT, SIGNS, Money, minor_digits

MINUS: Final = "−"
_HAIR_SPACE: Final = "\u200a"
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_WORDS: Final[dict[str, dict[str, str]]] = {
    "ko": {
        "invoice": "청구서",
        "credit_note": "취소 청구서",
        "statement": "이용 명세서",
        "supplier": "공급자",
        "customer": "공급받는 자",
        "registration": "사업자등록번호 {}",
        "representative": "대표 {}",
        "issued": "발행일",
        "due": "납부 기한",
        "period": "이용 기간",
        "corrects": "원래 청구서",
        "what": "내용",
        "quantity": "수량",
        "supply": "공급가액",
        "vat": "부가세",
        "vat_rate": "부가세 {}%",
        "total": "합계",
        "paid": "이미 낸 금액",
        "returned": "돌려드린 금액",
        "credited": "취소된 금액",
        "still_due": "내실 금액",
        "to_return": "돌려드릴 금액",
        "in_currency": "{} ({})",
        "say_due": "{due}까지 내실 금액은 {amount}입니다.",
        "say_paid": "모두 내셨습니다. 내신 금액은 {amount}입니다.",
        "say_nothing": "내실 금액이 없습니다.",
        "say_credited": "이 청구서는 취소되었습니다. 내실 금액이 없습니다.",
        "say_back": "돌려드릴 금액은 {amount}입니다.",
        "say_credit": "청구서 {number}에서 취소한 금액은 {amount}입니다.",
        "bank": "입금 계좌",
        "remark": "덧붙임",
        "reverse_charge": "부가세는 공급받는 자가 신고하고 납부합니다 (reverse charge).",
        "no_vat": "부가세가 없는 거래입니다.",
        "outside": "부가세를 –로 적은 줄은 쓰실 때 부가세가 생깁니다.",
        "rate": "부가세는 {vat}입니다. 1 {base} = {rate} {quote} ({source}, {date}).",
        "subscription": "구독",
        "seats": "좌석",
        "proration": "요금제 변경",
        "usage": "사용",
        "overage": "초과 사용",
        "pack": "묶음",
        "coupon": "쿠폰",
        "top_up": "충전",
        "adjustment": "조정",
        "answers": "답변",
        "tokens": "토큰",
        "say_statement": "{month}에 받으신 답변은 {answers}개입니다. "
        "지갑에서 쓰신 금액은 {used}, 남은 금액은 {left}입니다.",
        "say_on_account": "후불로 쓰신 {amount}은 청구서로 따로 청구합니다.",
        "models": "방식마다",
        "model": "방식",
        "answers_head": "답변",
        "read": "읽은 토큰",
        "written": "쓴 토큰",
        "charge": "요금",
        "covered": "요금제에 포함",
        "wallet": "지갑",
        "move": "움직임",
        "amount": "금액",
        "opening": "월초 잔액",
        "paid_in": "충전",
        "gifts": "지급받음",
        "used": "사용",
        "paid_out": "환불",
        "expired": "기한이 지남",
        "closing": "월말 잔액",
        "of_it_vat": "쓰신 금액에 든 부가세",
        "of_it_gifts": "쓰신 금액 가운데 지급받은 것",
        "pots": "제공량",
        "pot": "종류",
        "given": "받음",
        "left": "남음",
        "allowance": "요금제 제공",
        "grant": "지급",
        "no_limit": "제한 없음",
        "on_account": "지갑 밖의 후불 사용 (월말 청구)",
        "month_of": "{year}년 {month}월",
    },
    "en": {
        "invoice": "Invoice",
        "credit_note": "Credit note",
        "statement": "Statement",
        "supplier": "From",
        "customer": "To",
        "registration": "Registration no. {}",
        "representative": "Represented by {}",
        "issued": "Issued",
        "due": "Due",
        "period": "Period",
        "corrects": "Corrects invoice",
        "what": "Description",
        "quantity": "Quantity",
        "supply": "Net",
        "vat": "VAT",
        "vat_rate": "VAT {} %",
        "total": "Total",
        "paid": "Paid",
        "returned": "Given back",
        "credited": "Credited",
        "still_due": "To pay",
        "to_return": "To be given back",
        "in_currency": "{} ({})",
        "say_due": "Please pay {amount} by {due}.",
        "say_paid": "All is paid: {amount}.",
        "say_nothing": "There is nothing to pay.",
        "say_credited": "This invoice was credited. There is nothing to pay.",
        "say_back": "You get {amount} back.",
        "say_credit": "{amount} of invoice {number} is credited.",
        "bank": "Pay into",
        "remark": "Note",
        "reverse_charge": "Reverse charge: the customer accounts for the VAT.",
        "no_vat": "No VAT is due on this supply.",
        "outside": "Where VAT is –, it arises when what was paid for is used.",
        "rate": "The VAT is {vat}. 1 {base} = {rate} {quote} ({source}, {date}).",
        "subscription": "Subscription",
        "seats": "Seats",
        "proration": "Change of plan",
        "usage": "Usage",
        "overage": "Usage beyond the plan",
        "pack": "Pack",
        "coupon": "Coupon",
        "top_up": "Top-up",
        "adjustment": "Adjustment",
        "answers": "answers",
        "tokens": "tokens",
        "say_statement": "{answers} answers in {month}. {used} was used from the wallet, and {left} is left.",
        "say_on_account": "{amount} was used on account and is invoiced apart.",
        "models": "By model",
        "model": "Model",
        "answers_head": "Answers",
        "read": "Tokens read",
        "written": "Tokens written",
        "charge": "Charge",
        "covered": "Covered by plan",
        "wallet": "Wallet",
        "move": "What happened",
        "amount": "Amount",
        "opening": "At the beginning",
        "paid_in": "Topped up",
        "gifts": "Given to you",
        "used": "Used",
        "paid_out": "Refunded",
        "expired": "Expired",
        "closing": "At the end",
        "of_it_vat": "VAT in what was used",
        "of_it_gifts": "Of what was used, given to you",
        "pots": "Allowances",
        "pot": "Kind",
        "given": "Given",
        "left": "Left",
        "allowance": "Plan",
        "grant": "Gift",
        "no_limit": "no limit",
        "on_account": "Used on account, invoiced at the month's end",
        "month_of": "{month} {year}",
    },
}


class Words:
    """One language and one time zone."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self.language = language if language in _WORDS else "en"
        self.zone = zone

    def __call__(self, word: str, *values: object, **named: object) -> str:
        return _WORDS[self.language][word].format(*values, **named)

    def amount(self, grains: int, currency: str, digits: int | None = None) -> str:
        """A figure without its currency: "26,364", "−2,900", "10.50". digits after the point: all that it has."""
        digits = minor_digits(currency) if digits is None else digits
        return figure(grains, 7 + minor_digits(currency), digits)

    def money(self, money: Money) -> str:
        """A figure with its currency, as the language writes it: 12,400원, ₩12,400, $10.50."""
        digits = decimals_of([money.grains], money.currency)
        number = self.amount(abs(money.grains), money.currency, digits)
        sign = MINUS if money.grains < 0 else ""
        if self.language == "ko" and money.currency == "KRW":
            return f"{sign}{number}원"
        symbol = SIGNS.get(money.currency)
        return f"{sign}{symbol}{_HAIR_SPACE}{number}" if symbol else f"{sign}{number} {money.currency}"

    def currency(self, code: str) -> str:
        """A currency as the head of a column."""
        return "원" if self.language == "ko" and code == "KRW" else code

    def date(self, at_us: int) -> str:
        """A calendar day: 2026년 11월 27일, 27 November 2026."""
        day = utc(at_us).astimezone(self.zone)
        if self.language == "ko":
            return f"{day.year}년 {day.month}월 {day.day}일"
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"

    def short_date(self, at_us: int) -> str:
        """A calendar day in a column: 2026-11-27."""
        return utc(at_us).astimezone(self.zone).date().isoformat()

    def period(self, from_us: int, until_us: int) -> str:
        """From the first to the last day: the instant it ends is not in it."""
        first, last = self.short_date(from_us), self.short_date(max(from_us, until_us - 1))
        return first if first == last else f"{first} – {last}"

    def month(self, number: int) -> str:
        """202611 as people say it."""
        year, month = divmod(number, 100)
        return self("month_of", year=year, month=month if self.language == "ko" else _MONTHS[month - 1])

    def pieces(self, quantity: int, unit: str, currency: str) -> str:
        """So many of something: 1,200, 답변 3, 3 answers; of money's worth, 12,000원."""
        if unit == "money":
            return self.money(Money(quantity, currency))
        name = self(unit) if unit in ("answers", "tokens") else unit
        if not name:
            return f"{quantity:,}"
        return f"{name} {quantity:,}개" if self.language == "ko" else f"{quantity:,} {name}"

    def counted(self, count: int, unit: str) -> str:
        """What a pot counts: answers, tokens, or money's worth."""
        currency = unit.partition(".")[0]
        if is_money(unit) or "." in unit:
            return self.amount(count, currency, decimals_of([count], currency))
        return f"{count:,}"


def figure(whole: int, scale: int, digits: int) -> str:
    """`whole` / 10^scale with so many decimals and thousands set apart; exact where the decimals hold it.

    What they do not hold is cut half away from zero, so that a figure and its mirror look alike.
    """
    unit = 10 ** (scale - digits)
    size = (2 * abs(whole) + unit) // (2 * unit)
    before, after = divmod(size, 10**digits)
    sign = MINUS if whole < 0 and size else ""
    return f"{sign}{before:,}.{after:0{digits}d}" if digits else f"{sign}{before:,}"


def decimals_of(column: list[int], currency: str) -> int:
    """How many decimals a column of grains shares: those of the currency, and two more when not all of it is whole."""
    digits = minor_digits(currency)
    return (
        digits if all(grains % GRAINS_PER_MINOR_UNIT == 0 for grains in column) else max(2, digits + 2 * (digits > 0))
    )
