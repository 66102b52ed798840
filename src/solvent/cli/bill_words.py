"""The words of `solvent bills`, each in English and in Korean."""

from __future__ import annotations

from typing import Final

BILL_WORDS: Final[dict[str, tuple[str, str]]] = {
    "bill_provider": ("provider", "공급자"),
    "bill_days": ("days", "기간"),
    "bill_file": ("file", "파일"),
    "billed": ("billed", "청구액"),
    "bill_booked": ("by the books", "장부 원가"),
    "residual": ("residual", "차액"),
    "bill_share": ("share", "비율"),
    "bill_beside": ("beside usage", "사용 외 항목"),
    "bill_rates": ("rates", "환율"),
    "bill_left_out": ("rows of other services", "다른 서비스 행"),
    "bill_replaced_by": ("replaced by", "대체한 청구서"),
    "bill_kind": ("class", "종류"),
    "bill_named": ("in the bill", "청구서 이름"),
    "all_models": ("all models", "모든 모델"),
    "failed_attempts": ("attempts that failed", "실패한 시도"),
    "no_bills": ("There are none.", "없습니다."),
    "bill_taken": (
        "Taken as {id}. The residual of each day is in suspense.",
        "{id}(으)로 적었습니다. 날마다의 차액은 가수금에 있습니다.",
    ),
    "bill_known": (
        "It is in the books already, as {id}. Nothing was posted.",
        "이미 {id}(으)로 장부에 있습니다. 새로 적은 것은 없습니다.",
    ),
    "bill_reversed": ("{id} was reversed for it.", "{id}의 기록을 취소하고 바꾸었습니다."),
    "bill_over": (
        "The residual is over the limit: an alarm is raised (bill_residual_permille).",
        "차액이 한도를 넘어 경보를 냅니다(bill_residual_permille).",
    ),
    "bill_unknown": (
        "Nobody knows the model {named}: {amount} of it are residual. Say what it is with --alias.",
        "{named} 모델을 알 수 없습니다. 그 {amount}이 차액입니다. --alias로 알려 주세요.",
    ),
    "bill_was_replaced": ("replaced", "대체됨"),
    "bill_is_over": ("over the limit", "한도 초과"),
    "bill_is_near": ("agrees", "일치"),
}  # fmt: skip
