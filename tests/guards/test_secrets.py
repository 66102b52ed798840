"""Secrets: keys of every sort are found whole, and words that only look long are not."""

from __future__ import annotations

import os
import time

import pytest

from solvent.guards.secrets import secrets
from solvent.identity.caller import Role
from solvent.identity.key import SECRET_BYTES, secret

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow==\nabc\n"


def found(words: str) -> list[str]:
    return [words[start:end] for start, end in secrets(words)]


@pytest.mark.parametrize("role", ["customer", "owner", "support"])
def test_our_own_keys_are_found(role: Role) -> None:
    key = secret(role, os.urandom(SECRET_BYTES))
    assert found(f"my key is {key}.") == [key]
    assert found(f'{{"key":"{key}"}}') == [key]


@pytest.mark.parametrize(
    "key",
    [
        "sk-proj-abcdefghijklmnop1234", "sk-ant-api03-" + "aB3_" * 20, "sk_live_51" + "Ab" * 12, "whsec_" + "a1" * 16,
        "AKIAIOSFODNN7EXAMPLE", "AIza" + "Sy0-_" * 7, "ghp_" + "a1B2" * 9, "github_pat_" + "11ABC" * 6,
        "xoxb-1234567890-abcdef", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmN",
        "Bearer abcdefghijklmnopqrstuvwxyz", "authorization: bearer 0a1b2c3d4e5f6a7b8c9d", PEM,
    ],
)  # fmt: skip
def test_keys_of_others_are_found(key: str) -> None:
    (one,) = found(f"열쇠 {key} 끝" if key != PEM else key)
    assert key.removeprefix("authorization: ") == one or one in key


@pytest.mark.parametrize(
    "words",
    [
        "sk-learn and op-ed", "task_management_systems_of_2026", "desk-2026-reservation-system-of-ours",
        "the bearer of this letter", "sk-this-is-only-a-long-name-of-words", "eyJ", "a key: 1234567890",
        "-----BEGIN CERTIFICATE-----", "ans_k1986h7qsk7hxbp2wsbf",
    ],
)  # fmt: skip
def test_words_are_left_alone(words: str) -> None:
    assert found(words) == []


@pytest.mark.parametrize("piece", ["sk-", "bearer ", "-----BEGIN PRIVATE KEY-----", "eyJaaaaaaaa.", "AKIA", "a"])
def test_it_takes_time_in_proportion_to_the_text(piece: str) -> None:
    def took(count: int) -> float:
        began = time.perf_counter()
        found(piece * count)
        return time.perf_counter() - began

    took(2_000)
    assert min(took(40_000) for _ in range(3)) < 100 * max(min(took(2_000) for _ in range(3)), 1e-4)
