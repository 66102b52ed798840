"""What an answer used, in the dialect of the surface it was asked on: for upstreams that report in another."""

from __future__ import annotations

from solvent.values.usage import Usage, all_input_tokens, all_output_tokens


def chat_report(used: Usage) -> dict[str, object]:
    """`usage` of chat completions, where what was read includes what was cached."""
    read, written = all_input_tokens(used), all_output_tokens(used)
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": used.cached_input_tokens},
        "completion_tokens_details": {"reasoning_tokens": used.reasoning_tokens},
    }


def messages_report(used: Usage) -> dict[str, object]:
    """`usage` of messages, where what was read leaves out what was cached or written to a cache."""
    cached, written = used.cached_input_tokens, used.cache_write_5m_tokens + used.cache_write_1h_tokens
    return {
        "input_tokens": all_input_tokens(used) - cached - written,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": cached,
        "output_tokens": all_output_tokens(used),
    }


def responses_report(used: Usage) -> dict[str, object]:
    """`usage` of responses, where what was read includes what was cached."""
    read, written = all_input_tokens(used), all_output_tokens(used)
    kept = used.cache_write_5m_tokens + used.cache_write_1h_tokens
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": used.cached_input_tokens, "cache_write_tokens": kept},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": used.reasoning_tokens},
        "total_tokens": read + written,
    }
