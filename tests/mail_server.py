"""A mail server that takes letters in, as they were sent, and shows them."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session
from tests.ports import unused_port

LINK = re.compile(r"https?://[^\s/]+(/letters/[\w-]+)")
WAIT_S_MAX = 15
# Of a service that sends its letters there.
TABLE = """\
[mail]
host = "127.0.0.1"
port = {port}
tls = "none"
sender = "ai@gaon.example"
"""


class Mailbox:
    """Letters, the oldest first. refuse: so many first are told to come again."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.signed_in: list[tuple[bytes, bytes]] = []
        self.refuse = 0
        self._came = threading.Condition()
        self.port = 0

    async def handle_DATA(self, _server: Any, _session: Session, envelope: Envelope) -> str:
        with self._came:
            if self.refuse:
                self.refuse -= 1
                return "451 come again"
            self.envelopes.append(envelope)
            content = cast("bytes", envelope.content)
            self.letters.append(message_from_bytes(content, policy=policy.default))
            self._came.notify_all()
        return "250 taken"

    def authenticate(self, _s: Any, _session: Any, _e: Any, _mechanism: str, given: Any) -> AuthResult:
        self.signed_in.append((given.login, given.password))
        return AuthResult(success=given.password == b"right")

    def letter(self, to: str, number: int = 1) -> EmailMessage:
        """The so-manieth letter to an address, once it is there."""
        with self._came:
            assert self._came.wait_for(lambda: len(self._to(to)) >= number, WAIT_S_MAX), f"no letter to {to}"
            return self._to(to)[number - 1]

    def about(self, to: str, subject: str) -> EmailMessage:
        """The first letter to an address whose subject has some words, once it is there."""

        def found() -> list[EmailMessage]:
            return [one for one in self._to(to) if subject in one["subject"]]

        with self._came:
            assert self._came.wait_for(found, WAIT_S_MAX), f"no letter to {to} about {subject}"
            return found()[0]

    def link(self, to: str, number: int = 1) -> str:
        """The path that the link of the so-manieth letter with one leads to."""

        def found() -> list[str]:
            return [link[1] for one in self._to(to) if (link := LINK.search(words(one)))]

        with self._came:
            assert self._came.wait_for(lambda: len(found()) >= number, WAIT_S_MAX), f"no link to {to}"
            return found()[number - 1]

    def count(self, to: str) -> int:
        with self._came:
            return len(self._to(to))

    def _to(self, to: str) -> list[EmailMessage]:
        return [one for one, envelope in zip(self.letters, self.envelopes, strict=True) if to in envelope.rcpt_tos]


def words(letter: EmailMessage, kind: str = "plain") -> str:
    """What a letter says, as plain text or as HTML."""
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@contextmanager
def running(**settings: Any) -> Iterator[Mailbox]:
    """A mail server on this machine. settings: aiosmtpd's, such as tls_context."""
    mailbox = Mailbox()
    mailbox.port = unused_port()
    controller = Controller(mailbox, "127.0.0.1", mailbox.port, authenticator=mailbox.authenticate, **settings)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
