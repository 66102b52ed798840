"""What each kind of alarm says to people, in English and in Korean; the names are its details."""

from __future__ import annotations

from typing import Final

ALARM_WORDS: Final[dict[str, tuple[str, str]]] = {
    "alarm_subject": ("about", "대상"),
    "alarm_says": ("what it says", "내용"),
    "no_alarms": ("Nothing has to be looked at.", "살펴볼 것이 없습니다."),
    "alarm_budget_near": (
        "{used} of {of} {unit} are used: {account}.",
        "{of} {unit} 가운데 {used} 썼습니다: {account}.",
    ),
    "alarm_budget_reached": (
        "All is used, {used} of {of} {unit}: {account}.",
        "다 썼습니다. {of} {unit} 가운데 {used}: {account}.",
    ),
    "alarm_break_even_near": (
        "{answers:,} answers cost {cost}, near the {paid} paid for {plan}. At break-even: {then}.",
        "답변 {answers:,}번 비용 {cost}, {plan} 요금제에 낸 {paid}에 가깝습니다. 손익분기에 이르면: {then}.",
    ),
    "alarm_break_even_crossed": (
        "{answers:,} answers cost {cost}, all of the {paid} paid for {plan}. From now on: {then}.",
        "답변 {answers:,}번 비용 {cost}, {plan} 요금제에 낸 {paid}에 이르렀습니다. 이제부터: {then}.",
    ),
    "alarm_house_loss": (
        "{answer} by {model} came to {amount} more than there was; the house bears it.",
        "{answer}({model}) 요금이 남은 돈보다 {amount} 많아 회사가 부담했습니다.",
    ),
    "alarm_usage_refused": (
        "The usage reported for {answer} by {model} cannot be true and was not booked.",
        "{answer}({model})의 사용량 보고가 사실일 수 없어 적지 않았습니다.",
    ),
    "alarm_unpriced": ("There is no price for it: {bucket}.", "단가가 없습니다: {bucket}."),
    "alarm_bill_residual": (
        "Its bill of {days} and the books differ by {amount}, {share} of {billed}: {bill}.",
        "{days} 청구서와 장부가 {amount}만큼 다릅니다. {billed}의 {share}: {bill}.",
    ),
    "alarm_payment_mismatch": (
        "What {rail} tells does not agree with the order, nothing is booked: {why}",
        "{rail} 알림이 주문과 달라 적지 않았습니다: {why}",
    ),
    "alarm_month_not_closed": (
        "{month} could not be closed; it is tried again: {why}",
        "{month} 마감하지 못했습니다. 다시 시도합니다: {why}",
    ),
    "alarm_not_renewed": (
        "Subscription {subscription} could not be renewed ({code}); it is tried again: {why}",
        "구독 {subscription} 갱신하지 못했습니다({code}). 다시 시도합니다: {why}",
    ),
    "alarm_usage_not_invoiced": (
        "{amount} used on account by the end of {month} is not invoiced: no rate to {vat_currency} for its VAT.",
        "{month} 말까지 외상으로 쓴 {amount} 청구하지 못했습니다. 부가세 통화 {vat_currency}의 환율이 없습니다.",
    ),
    # What a plan does at break-even
    "then_go_on": ("go on", "그대로 계속"),
    "then_cheaper": ("a cheaper class of model", "더 싼 모델 등급"),
    "then_slow": ("the slow lane", "느린 차선"),
    "then_offer_top_up": ("ask for a top-up", "충전 안내"),
    "then_stop": ("stop", "멈춤"),
}
