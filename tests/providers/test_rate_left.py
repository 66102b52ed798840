"""What is left of our key's rates at an upstream, as its answers say."""

from __future__ import annotations

import pytest

from solvent.providers.rate_left import rest_s


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "6m0s"}, 0),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "120ms"}, 1),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1h2m3.5s"}, 3724),
        ({"x-ratelimit-remaining-requests": "0"}, 5),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "soon"}, 5),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "-7s"}, 5),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "9" * 50 + "s"}, 5),
        ({"anthropic-ratelimit-requests-remaining": "0"}, 5),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "2s",
          "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "9s"}, 9),
    ],
)  # fmt: skip
def test_a_key_with_nothing_left_rests_until_it_has(headers: dict[str, str], seconds: int) -> None:
    assert rest_s(headers) == seconds
