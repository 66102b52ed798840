"""The words of `solvent size`, each in English and in Korean."""

from __future__ import annotations

from typing import Final

SIZE_WORDS: Final[dict[str, tuple[str, str]]] = {
    "hardware": ("hardware", "장비"),
    "precision": ("precision", "정밀도"),
    "level": ("known from", "근거"),
    "evidence": ("evidence", "측정"),
    "batch": ("at once", "동시 답변"),
    "step": ("time per token", "토큰당 시간"),
    "step_parts": ("of which", "이 가운데"),
    "first_token": ("first token", "첫 토큰까지"),
    "answer_time": ("whole answer", "답변 전체"),
    "tokens_each": ("tokens/s each", "답변마다 초당 토큰"),
    "tokens_all": ("tokens/s", "초당 토큰"),
    "device_seconds": ("device seconds", "장비 초"),
    "energy_each": ("energy", "전력량"),
    "joules": ("J/token", "토큰당 J"),
    "rent": ("rent", "임대료"),
    "answer_cost": ("an answer costs", "답변 하나의 원가"),
    "cost_parts": ("rent + power + extras", "임대료 + 전기 + 기타"),
    "measured row": ("nearest measured row", "가장 가까운 측정값"),
    "formula x one measured point": ("formula x one measured point", "공식 x 측정점 하나"),
    "bare formula": ("bare formula", "공식만"),
    "because_memory": ("as many as memory holds", "메모리가 담는 만큼"),
    "because_latency": ("as many as the wait for a token allows", "토큰을 기다리는 시간이 허락하는 만큼"),
    "because_engine": ("as many as engines serve", "엔진이 감당하는 만큼"),
    "batch_of": ("{batch:,} of at most {limit:,}: {because}", "{batch:,} (최대 {limit:,}: {because})"),
    "between": ("{value} ({low} to {high})", "{value} ({low}~{high})"),
    "parts_of_step": (
        "weights {weights} + launching {launching} + sequences {sequences} + serving {serving} ms",
        "가중치 {weights} + 실행 {launching} + 답변 {sequences} + 처리 {serving} ms",
    ),
    "rent_at": (
        "{hour} {currency} an hour and device, {busy:.0%} busy ({source})",
        "장비당 시간당 {hour} {currency}, 가동률 {busy:.0%} ({source})",
    ),
    "no_rent": (
        "Nobody said what this hardware costs: add --rate, what one device costs an hour.",
        "이 장비의 값을 모릅니다. --rate로 장비 하나의 시간당 값을 주십시오.",
    ),
    "bare_advice": (
        "No point was measured: run `solvent size calibrate` against a server to narrow the interval.",
        "측정한 점이 없습니다. `solvent size calibrate`로 서버를 재면 범위가 좁아집니다.",
    ),
    "probing": ("Asking {url} for {seconds:.0f} s ...", "{url}에 {seconds:.0f}초 동안 묻는 중입니다..."),
    "probed": (
        "{answers:,} answers, {batch:.1f} at once: {tokens:,.1f} tokens/s, {step:.4g} ms a token, first after "
        "{first:.4g} ms; {input:.0f} tokens read and {output:.0f} written on average.",
        "답변 {answers:,}개, 동시에 {batch:.1f}개: 초당 {tokens:,.1f} 토큰, 토큰당 {step:.4g} ms, "
        "첫 토큰까지 {first:.4g} ms. 평균 {input:.0f} 토큰을 읽고 {output:.0f} 토큰을 썼습니다.",
    ),
    "kept_calibration": (
        "Wrote {file}: give it to `solvent size MODEL --on HARDWARE --calibration {file}`.",
        "{file}에 썼습니다. `solvent size 모델 --on 장비 --calibration {file}`로 쓰십시오.",
    ),
    "list price": ("list price", "공시 가격"),
    "does_not_work": ("does not work", "불가능"),
    "runs_on": ("on", "장비·요금표"),
    "whole_answer": ("whole answer", "답변 전체"),
    "best_by": ("nothing beats its", "따를 것이 없는"),
    "best_answer": ("answer", "답변"),
    "best_first token": ("first token", "첫 토큰"),
    "compared": (
        "Of an answer that reads {read:,} tokens and writes {written:,}, hardware {busy:.0%} busy, at most "
        "{token_ms:g} ms a token. Estimates, with their intervals.",
        "{read:,} 토큰을 읽고 {written:,} 토큰을 쓰는 답변 하나, 장비 가동률 {busy:.0%}, 토큰당 최대 {token_ms:g} ms. "
        "추정값과 그 범위입니다.",
    ),
    "nothing_compared": ("There is nothing to compare.", "견줄 것이 없습니다."),
    "would_fit": ("  It would fit on: {fits}.", "  여기에는 들어갑니다: {fits}."),
    "drew": ("Drew {file}.", "{file}에 그렸습니다."),
    "picture_title": ("What an answer costs, and how long it takes", "답변 하나의 원가와 걸리는 시간"),
    "picture_answer": ("whole answer, seconds", "답변 전체, 초"),
    "picture_first token": ("first token, milliseconds", "첫 토큰까지, 밀리초"),
    "picture_cost": ("an answer costs", "답변 하나의 원가"),
    "picture_note": (
        "Filled: nothing beats it on both, with its interval. Dashed: a price whose waits nobody said.",
        "채운 점: 둘 다 앞서는 것이 없음(가는 선은 그 범위). 점선: 시간을 모르는 가격.",
    ),
    "picture_empty": ("No combination has both a cost and a wait.", "원가와 시간을 모두 아는 조합이 없습니다."),
    "the books": ("the books", "장부"),
    "as stated": ("as stated", "말씀하신 대로"),
    "fleet_load": (
        "Load, {source}: {answers:,} answers a month, {read:,.0f} tokens read and {written:,.0f} written each.",
        "부하({source}): 한 달 답변 {answers:,}개, 하나에 {read:,.0f} 토큰을 읽고 {written:,.0f} 토큰을 씁니다.",
    ),
    "any_hour": ("any", "언제나"),
    "run": ("running", "운영"),
    "always": ("always all", "늘 모두"),
    "by the hour": ("by the hour", "시간마다"),
    "server_hours": ("server hours a month", "한 달 서버 시간"),
    "rent_month": ("rent a month", "한 달 임대료"),
    "of_it_idle": ("of it idle", "그중 유휴"),
    "rent_each": ("rent an answer", "답변당 임대료"),
    "each_busy": ("used", "쓴 몫"),
    "each_idle": ("idle", "유휴 몫"),
}
