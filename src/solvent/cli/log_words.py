"""The words of the request log, in English and in Korean."""

from __future__ import annotations

from typing import Final

LOG_WORDS: Final[dict[str, tuple[str, str]]] = {
    "logged_customer": ("customer", "고객"),
    "logged_model": ("model", "모델"),
    "logged_task": ("task", "작업"),
    "logged_keep": ("kept", "보관"),
    "asked_characters": ("asked", "질문 글자"),
    "told_characters": ("told", "답변 글자"),
    "kept_until": ("kept until", "보관 기한"),
    "keep_metadata": ("size alone", "길이만"),
    "keep_text": ("text", "내용"),
    "logged_asked": ("Asked:", "질문:"),
    "logged_told": ("Told:", "답변:"),
    "nothing_logged": ("Nothing of this is in the request log.", "요청 기록에 없습니다."),
    "no_texts_kept": ("Its texts are not kept.", "내용은 보관하지 않았습니다."),
    "log_forgotten": ("{count:,} answers of {id} are forgotten.", "{id} 고객의 답변 {count:,}건을 지웠습니다."),
    "log_keeps_none": (
        "Nothing of {id} is kept in the request log from now on; solvent log forget deletes what is there.",
        "이제부터 {id} 고객의 요청은 기록하지 않습니다. 이미 있는 기록은 solvent log forget으로 지웁니다.",
    ),
    "log_keeps_plan": (
        "Of {id} is kept again what their plan says.",
        "{id} 고객의 요청을 다시 요금제대로 기록합니다.",
    ),
}
