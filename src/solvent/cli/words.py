"""The words of the commands on the books, each in English and in Korean."""

from __future__ import annotations

from typing import Final

from solvent.cli.alarm_words import ALARM_WORDS
from solvent.cli.bill_words import BILL_WORDS
from solvent.cli.billing_words import BILLING_WORDS
from solvent.cli.log_words import LOG_WORDS
from solvent.cli.simulate_words import SIMULATE_WORDS
from solvent.cli.size_words import SIZE_WORDS

WORDS: Final[dict[str, tuple[str, str]]] = BILLING_WORDS | {
    **ALARM_WORDS,
    **BILL_WORDS,
    **LOG_WORDS,
    **SIMULATE_WORDS,
    **SIZE_WORDS,
    # What stands over columns and before facts
    "id": ("id", "ID"),
    "name": ("name", "이름"),
    "state": ("state", "상태"),
    "since": ("since", "시작"),
    "at": ("at", "시각"),
    "by": ("by", "한 사람"),
    "action": ("what", "한 일"),
    "subject": ("to whom", "대상"),
    "key": ("key", "키"),
    "role": ("role", "역할"),
    "hint": ("ends in", "끝자리"),
    "expires": ("expires", "만료"),
    "key_models": ("may ask", "쓸 수 있는 모델"),
    "key_addresses": ("from", "쓸 수 있는 주소"),
    "all_addresses": ("everywhere", "모든 주소"),
    "key_uses": ("for", "쓸 수 있는 일"),
    "all_uses": ("everything", "모든 일"),
    "key_user_header": ("users named in", "사용자 헤더"),
    "all_models": ("all models", "모든 모델"),
    "api_key": ("API key", "API 키"),
    "account": ("account", "계정"),
    "unit": ("unit", "단위"),
    "debits": ("debits", "차변"),
    "credits": ("credits", "대변"),
    "balance": ("balance", "잔액"),
    "held": ("held", "예약"),
    "debit": ("debit", "차변"),
    "credit": ("credit", "대변"),
    "amount": ("amount", "금액"),
    "side": ("side", "변"),
    "reference": ("for", "까닭"),
    "card": ("card", "단가표"),
    "from": ("from", "적용 시작"),
    "currency": ("in", "통화"),
    "input": ("input", "입력"),
    "cached_input": ("cached", "캐시 입력"),
    "output": ("output", "출력"),
    "besides": ("also", "그 밖에"),
    "price": ("price", "항목"),
    "above": ("above tokens", "입력 토큰 초과"),
    "served": ("served", "방식"),
    "ours": ("ours", "우리"),
    "theirs": ("theirs", "상대"),
    "off": ("off", "차이"),
    "before": ("before", "전"),
    "after": ("after", "후"),
    "file": ("file", "파일"),
    "outcome": ("outcome", "결과"),
    "left_out": ("left out", "빠진 것"),
    "version": ("version", "판"),
    "source": ("source", "출처"),
    "assumed": ("assumed", "추정"),
    # States
    "active": ("active", "이용 중"),
    "suspended": ("suspended", "정지"),
    "closed": ("closed", "해지"),
    "pending": ("hold", "예약"),
    "posted": ("posted", "확정"),
    "voided": ("void", "취소"),
    "good": ("good", "사용 가능"),
    "expired": ("expired", "만료됨"),
    "revoked": ("revoked", "폐기됨"),
    "new": ("new", "새로"),
    "added": ("added", "추가"),
    "unchanged": ("unchanged", "그대로"),
    "left": ("left out", "제외"),
    # Roles
    "owner": ("owner", "소유자"),
    "finance": ("finance", "재무"),
    "support": ("support", "고객 지원"),
    "read_only": ("read only", "읽기 전용"),
    # Sentences
    "no_accounts": ("Nothing is booked yet.", "아직 적힌 것이 없습니다."),
    "no_transfers": ("No transfers.", "이체가 없습니다."),
    "books_clean": (
        "The books are right. Transfers: {transfers:,}; holds under way: {open_holds:,}.\nHead: {head}",
        "장부가 맞습니다. 이체 {transfers:,}건, 진행 중인 예약 {open_holds:,}건.\n머리값: {head}",
    ),
    "books_wrong": (
        "The books are wrong. Problems: {count}; transfers: {transfers:,}.",
        "장부가 틀렸습니다. 문제 {count}개, 이체 {transfers:,}건.",
    ),
    "exported": ("Wrote {file}.", "{file}에 썼습니다."),
    "more": ("There is more: --cursor {cursor}", "더 있습니다: --cursor {cursor}"),
    "no_customers": (
        "No customers yet; `solvent customers open NAME --plan PLAN` opens one.",
        "아직 고객이 없습니다. `solvent customers open 이름 --plan 요금제`로 등록합니다.",
    ),
    "second_factor": ("second factor", "2단계 인증"),
    "second_app": ("app", "인증 앱"),
    "second_passkey": ("passkey", "패스키"),
    "second_none": ("none", "없음"),
    "no_people": ("Nobody signs in as a person yet.", "계정이 있는 운영자가 아직 없습니다."),
    "second_reset": (
        "{email} signs in without a second factor now, and every session of theirs has ended.",
        "{email} 님은 이제 2단계 인증 없이 로그인하며, 로그인은 모두 끝났습니다.",
    ),
    "no_keys": ("No keys.", "키가 없습니다."),
    "no_changes": ("Nobody changed anything here.", "바뀐 것이 없습니다."),
    "key_shown_once": (
        "This key is shown this once; only its digest is kept.",
        "이 키는 지금 한 번만 보여 줍니다. 저장되는 것은 지문뿐입니다.",
    ),
    "key_not_shown": (
        "This was done before, and the key was shown then; issue a new one if it is lost.",
        "이미 처리한 요청이고 키는 그때 보여 주었습니다. 잃어버렸다면 새로 발급하십시오.",
    ),
    "customer_suspended": (
        "{name} is suspended: questions are refused until `solvent customers resume {id}`.",
        "{name} 고객을 정지했습니다. `solvent customers resume {id}` 전까지 질문을 받지 않습니다.",
    ),
    "customer_resumed": ("{name} may ask again.", "{name} 고객이 다시 질문할 수 있습니다."),
    "customer_closed": (
        "{name} is closed for good, and every key revoked. What is left or owed stays: see"
        " `solvent wallet show {id}` and `solvent invoices list --customer {id} --state issued`.",
        "{name} 고객을 해지했습니다. 키는 모두 폐기했습니다. 남은 돈과 받을 돈은 그대로입니다:"
        " `solvent wallet show {id}`, `solvent invoices list --customer {id} --state issued`에서 확인하세요.",
    ),
    "customer_renamed": ("The customer is now called {name}.", "고객 이름을 {name}(으)로 바꿨습니다."),
    "key_changed": ("From the next call on the key may do this.", "다음 요청부터 키 권한이 이렇게 바뀝니다."),
    "key_rotated": (
        "The secret before is good until {until}, and belongs to the same key: budgets and receipts go on.",
        "이전 키 값은 {until}까지 쓸 수 있습니다. 키 ID는 같으므로 예산과 영수증이 그대로 이어집니다.",
    ),
    "key_rotated_at_once": (
        "Every secret before opens nothing any more; the key is the same: budgets and receipts go on.",
        "이전 키 값은 모두 이제 쓸 수 없습니다. 키 ID는 같으므로 예산과 영수증이 그대로 이어집니다.",
    ),
    "key_revoked": ("The key ...{hint} opens nothing any more.", "끝자리 {hint} 키는 이제 쓸 수 없습니다."),
    # Prices
    "per_million": (
        "Prices are per million tokens; of anything else for one of it.",
        "단가는 토큰 백만 개당, 그 밖의 것은 하나당입니다.",
    ),
    "no_cards": ("There are no rate cards of that name.", "그런 이름의 단가표가 없습니다."),
    "no_price_changes": ("No price changed between these dates.", "그 사이에 바뀐 단가가 없습니다."),
    "imported": (
        "{new} new cards, {added} with new entries, {unchanged} unchanged, {left} left out.",
        "새 단가표 {new}개, 새 단가가 생긴 것 {added}개, 그대로 {unchanged}개, 제외 {left}개.",
    ),
    "imported_dry": (
        "{new} cards would be new, {added} would get entries, {unchanged} are unchanged, {left} are left out.",
        "새로 생길 단가표 {new}개, 단가가 생길 것 {added}개, 그대로 {unchanged}개, 제외 {left}개. "
        "아직 쓰지 않았습니다.",
    ),
    "reconciled": (
        "{compared} prices compared, {disagreements} disagree by more than {tolerance}, {one_sided} are named by one "
        "side only; {only_ours} cards are only ours, {only_theirs} only theirs.",
        "단가 {compared}개를 견주었고, {tolerance} 넘게 다른 것 {disagreements}개, 한쪽에만 있는 단가 {one_sided}개, "
        "우리에게만 있는 단가표 {only_ours}개, 상대에게만 있는 것 {only_theirs}개입니다.",
    ),
    "corrected": (
        "{corrected:,} of {answers:,} answers are corrected: cost {cost}, charged {charge}, borne by the house {loss}.",
        "답변 {answers:,}개 가운데 {corrected:,}개를 바로잡았습니다. 비용 {cost}, 요금 {charge}, 자체 부담 {loss}.",
    ),
    "would_correct": (
        "{corrected:,} of {answers:,} answers would be corrected: cost {cost}, charged {charge}, "
        "borne by the house {loss}. Nothing is written yet.",
        "답변 {answers:,}개 가운데 {corrected:,}개를 바로잡게 됩니다. 비용 {cost}, 요금 {charge}, 자체 부담 {loss}. "
        "아직 쓰지 않았습니다.",
    ),
    "not_corrected": (
        "{count:,} answers have no price in force any more, and stay as they are.",
        "답변 {count:,}개는 그때의 단가가 없어 그대로 둡니다.",
    ),
}
