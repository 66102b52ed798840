"""Letters as a mail server gets them: encrypted, signed in, tried again, and never logged with their link."""

from __future__ import annotations

import asyncio
import logging
import ssl
from pathlib import Path

import pytest
import trustme
from tests import mail_server

from solvent.app import mail as sending
from solvent.app.background import Background
from solvent.app.config import MailSettings, read_config
from solvent.app.mail import Letter, open_mail
from solvent.values.errors import Invalid, Unavailable

LETTER = Letter("kim@example.com", "가온 AI 로그인", "https://ai.example/letters/secret", "<p>secret</p>")


def sent(settings: MailSettings, *letters: Letter, near: Path = Path()) -> None:
    async def story() -> None:
        background = Background()
        mail = open_mail(settings, "가온 AI", background, near)
        for letter in letters:
            mail.post(letter)
        assert await background.all_done(20)

    asyncio.run(story())


def test_a_letter_arrives_as_it_was_written() -> None:
    with mail_server.running() as box:
        sent(MailSettings(host="127.0.0.1", port=box.port, tls="none", sender="ai@gaon.example"), LETTER)
        letter = box.letter("kim@example.com")
    assert (letter["subject"], letter["to"]) == ("가온 AI 로그인", "kim@example.com")
    assert str(letter["from"]) == "가온 AI <ai@gaon.example>"
    assert letter["auto-submitted"] == "auto-generated"
    assert letter["message-id"].endswith("@gaon.example>")
    assert mail_server.words(letter).strip() == LETTER.text
    assert mail_server.words(letter, "html").strip() == LETTER.html


def test_the_way_is_encrypted_and_a_password_goes_over_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    (tmp_path / "word").write_text("right")
    monkeypatch.setattr(sending, "_PAUSES_S", (0.01,))
    with mail_server.running(tls_context=context, require_starttls=True, auth_required=True) as box:
        settings = MailSettings(
            host="localhost", port=box.port, user="gaon", password="file:word", sender="ai@gaon.example"
        )
        sent(settings, LETTER, near=tmp_path)  # whose certificate nobody vouches for
        assert box.count("kim@example.com") == 0
        assert not box.signed_in
        assert "could not be sent" in caplog.text
        with authority.cert_pem.tempfile() as trusted:
            monkeypatch.setenv("SSL_CERT_FILE", trusted)
            sent(settings, LETTER, near=tmp_path)
        assert box.signed_in == [(b"gaon", b"right")]
        assert box.count("kim@example.com") == 1
    for secret in ("right", "secret", "kim@"):
        assert secret not in caplog.text


def test_a_server_that_is_busy_is_tried_again_and_one_that_never_takes_it_is_told_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sending, "_PAUSES_S", (0.01, 0.01))
    with mail_server.running() as box:
        settings = MailSettings(host="127.0.0.1", port=box.port, tls="none", sender="ai@gaon.example")
        box.refuse = 2
        sent(settings, LETTER)
        assert box.count("kim@example.com") == 1
        assert not caplog.records
        box.refuse = 3
        sent(settings, LETTER)
        assert box.count("kim@example.com") == 1
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "451" in record.getMessage()
    assert "kim@" not in record.getMessage()


def test_no_letter_goes_to_two_and_none_has_a_head_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    with mail_server.running() as box:
        settings = MailSettings(host="127.0.0.1", port=box.port, tls="none", sender="ai@gaon.example")
        for to in ("a,b@example.com", "<x>b@example.com", "a@example.com\r\nBcc: b@example.com", ""):
            sent(settings, Letter(to, "s", "t", "h"))
        assert not box.letters
    assert len(caplog.records) == 4


def test_only_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "LETTERS_WAITING_MAX", 2)
    with mail_server.running() as box, pytest.raises(Unavailable):
        sent(MailSettings(host="127.0.0.1", port=box.port, tls="none", sender="a@b.example"), *[LETTER] * 3)


@pytest.mark.parametrize(
    "written",
    [
        'host = "mail"\n',
        'host = "mail"\nsender = "nobody"\n',
        'host = "mail"\nsender = "a@b.example"\ntls = "none"\npassword = "env:X"\n',
        'host = "mail"\nsender = "a@b.example"\ntls = "ssl"\n',
        'host = "mail"\nsender = "a@b.example"\nport = 0\n',
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, written: str) -> None:
    file = tmp_path / "solvent.toml"
    file.write_text(f'public_url = "https://ai.example"\n[mail]\n{written}')
    with pytest.raises(Invalid):
        read_config(file, {})


def test_links_lead_to_an_address_that_is_written_never_to_one_that_is_asked_at(tmp_path: Path) -> None:
    file = tmp_path / "solvent.toml"
    file.write_text('[mail]\nhost = "mail"\nsender = "a@b.example"\n')
    with pytest.raises(Invalid) as wrong:
        read_config(file, {})
    assert wrong.value.param == "public_url"
