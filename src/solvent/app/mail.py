"""Sends letters over SMTP: queued in memory, because their links must not be kept, and tried a few times.

One that cannot be sent is logged without whom it was for; they ask again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import smtplib
import ssl
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from pathlib import Path
from typing import Final

import msgspec

from solvent.app.background import Background
from solvent.app.config import MailSettings, secret
from solvent.values.errors import Unavailable
from solvent.values.limits import LETTERS_WAITING_MAX

log = logging.getLogger("solvent.mail")

_TIMEOUT_S: Final = 20
_PAUSES_S: Final = (1, 5, 25)  # before each further try


class Letter(msgspec.Struct, frozen=True):
    """text, html: the same words twice. to: one address."""

    to: str
    subject: str
    text: str
    html: str

    def __repr__(self) -> str:
        return f"Letter({self.subject!r})"


class Mail:
    """Where letters are posted. house: what the service is called, beside the address they come from."""

    def __init__(self, settings: MailSettings, password: str, house: str, background: Background) -> None:
        self._settings = settings
        self._password = password
        self._house = house
        self._background = background
        self._waiting = 0

    @property
    def is_on(self) -> bool:
        """Whether letters can be sent at all."""
        return bool(self._settings.host)

    def post(self, letter: Letter) -> None:
        """Send it soon. Raises Unavailable where too many wait."""
        if self._waiting >= LETTERS_WAITING_MAX:
            raise Unavailable("mail_busy", "too many letters wait to be sent; try again in a few minutes")
        self._waiting += 1
        self._background.start(self._send(letter))

    async def deliver(self, letter: Letter, id: str) -> bool:
        """Send it now; returns whether the mail server took it. Sent once more under the same id, it is the same
        letter to whoever gets it.
        """
        return await self._try(letter, id)

    async def _send(self, letter: Letter) -> None:
        try:
            await self._try(letter)
        finally:
            self._waiting -= 1

    async def _try(self, letter: Letter, id: str = "") -> bool:
        try:
            message = self._message(letter, id)
            for pause_s in (*_PAUSES_S, 0):
                try:
                    await asyncio.to_thread(self._hand_over, message)
                except (OSError, smtplib.SMTPException) as wrong:
                    if not pause_s or isinstance(wrong, smtplib.SMTPRecipientsRefused):
                        raise
                    await asyncio.sleep(pause_s)
                else:
                    return True
        except (OSError, smtplib.SMTPException, MessageError, ValueError, IndexError) as wrong:
            log.error("a letter could not be sent over %s: %s", self._settings.host, _told(wrong))
        return False

    def _message(self, letter: Letter, id: str) -> EmailMessage:
        sender = parseaddr(self._settings.sender)[1]
        message = EmailMessage()
        message["From"] = Address(self._house, addr_spec=sender)
        message["To"] = Address(addr_spec=letter.to)
        message["Subject"] = letter.subject
        message["Date"] = formatdate()
        domain = sender.rpartition("@")[2]
        message["Message-ID"] = f"<{id}@{domain}>" if id else make_msgid(domain=domain)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        return message

    def _hand_over(self, message: EmailMessage) -> None:
        settings, context = self._settings, ssl.create_default_context()
        if settings.tls == "tls":
            post: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=_TIMEOUT_S, context=context)
        else:
            post = smtplib.SMTP(settings.host, settings.port, timeout=_TIMEOUT_S)
        with post:
            if settings.tls == "starttls":
                post.starttls(context=context)
            if settings.user:
                post.login(settings.user, self._password)
            post.send_message(message)


def open_mail(settings: MailSettings, house: str, background: Background, near: Path) -> Mail:
    """near: the folder that paths start from. Raises Invalid for a password that is not there."""
    password = secret(settings.password, "mail: password", os.environ, near)
    return Mail(settings, password, house, background)


def _told(wrong: Exception) -> str:
    """What is wrong, without an address that a server repeats."""
    return f"{type(wrong).__name__} {wrong.smtp_code}" if isinstance(wrong, smtplib.SMTPResponseException) else (
        type(wrong).__name__
    )  # fmt: skip
