"""Rails are opened from the configuration, each with its secrets looked up, or refused in one line that names it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from solvent.app.config import PaymentEntry, read_config
from solvent.app.payments import open_processors
from solvent.values.errors import Invalid

TOML = """
public_url = "https://ai.example.com"

[[payments]]
rail = "stripe"
kind = "stripe"
currencies = ["KRW", "USD"]
key = "env:STRIPE_KEY"
webhook_secret = "file:whsec"

[[payments]]
rail = "toss"
kind = "toss"
currencies = ["KRW"]
key = "env:TOSS_KEY"
client_key = "live_ck_1"

[[payments]]
rail = "bank"
kind = "bank"
currencies = ["KRW"]
account = "국민 123456-01-123456 솔벤트"
"""


def test_every_rail_of_the_configuration_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "solvent.toml").write_text(TOML)
    (tmp_path / "whsec").write_text("whsec_of_a_file\n")
    monkeypatch.setenv("STRIPE_KEY", "sk_live_secret")
    monkeypatch.setenv("TOSS_KEY", "live_sk_secret")
    config = read_config(tmp_path / "solvent.toml", {})
    opened = open_processors(config.payments, tmp_path)
    assert {name: (rail.is_bank, sorted(rail.currencies)) for name, rail in opened.items()} == {
        "stripe": (False, ["KRW", "USD"]), "toss": (False, ["KRW"]), "bank": (True, ["KRW"]),
    }  # fmt: skip
    assert "secret" not in repr(opened)
    for rail in opened.values():
        asyncio.run(rail.close())


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (PaymentEntry("x", "paypal", ("KRW",)), "kind 'paypal' is not known; installed are: bank, stripe, toss"),
        (PaymentEntry("x", "stripe", ("KRW",), key="env:NOT_SET"), "NOT_SET is not set"),
        (PaymentEntry("x", "stripe", ("KRW",), key="sk_live_itself"), "never itself"),
        (PaymentEntry("x", "stripe", ("KRW",), key="env:K"), "`webhook_secret` is empty"),
        (PaymentEntry("x", "stripe", ("KRW",), key="env:K", webhook_secret="env:BLANK"), "BLANK is not set"),
        (PaymentEntry("x", "toss", ("KRW",), key="env:K"), "`client_key` is empty"),
        (PaymentEntry("x", "toss", ("KRW",), key="env:K", client_key="ck", base_url="ftp://x"), "base URL"),
        (PaymentEntry("x", "bank", ("KRW",)), "`account` is empty"),
        (PaymentEntry("x", "bank", ("XYZ",), account="a"), "currency 'XYZ' is not known"),
    ],
)
def test_a_rail_that_cannot_be_opened_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: PaymentEntry, words: str
) -> None:
    monkeypatch.setenv("K", "sk_live_secret")
    monkeypatch.setenv("BLANK", "")
    with pytest.raises(Invalid) as wrong:
        open_processors((entry,), tmp_path)
    assert words in wrong.value.message
    assert "payments 'x'" in wrong.value.message
    assert "sk_live" not in wrong.value.message


def test_rails_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "solvent.toml"
    file.write_text(TOML.replace('rail = "toss"', 'rail = "stripe"'))
    with pytest.raises(Invalid, match="payment rail 'stripe' is there twice"):
        read_config(file, {})
    file.write_text(TOML.replace('rail = "toss"', 'rail = "To/ss"'))
    with pytest.raises(Invalid, match="rail"):
        read_config(file, {})
