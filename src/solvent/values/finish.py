"""Why an answer ended, in the words of OpenAI's chat, which receipts are written in, and in others'.

The lists are longer; these are what models say.
"""

from __future__ import annotations

from typing import Final

STOP_REASONS: Final = {
    "stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "function_call": "tool_use",
    "content_filter": "refusal", "model_length": "max_tokens",
}  # fmt: skip
FINISH_REASONS: Final = {
    "end_turn": "stop", "stop_sequence": "stop", "pause_turn": "stop", "max_tokens": "length",
    "model_context_window_exceeded": "length", "tool_use": "tool_calls", "refusal": "content_filter",
    "guardrail_intervened": "content_filter", "content_filtered": "content_filter",
}  # fmt: skip
# Gemini's, which has many more for what its filters stop.
GEMINI_REASONS: Final = {
    "STOP": "stop", "MAX_TOKENS": "length", "SAFETY": "content_filter", "RECITATION": "content_filter",
    "LANGUAGE": "content_filter", "BLOCKLIST": "content_filter", "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter", "IMAGE_SAFETY": "content_filter",
}  # fmt: skip
