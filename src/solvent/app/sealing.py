"""Seals secrets that the books must give back, such as those of authenticator apps: a stolen backup tells none of them.

The key is a reference in the settings, or a file of the data directory, made when the first secret is sealed.
"""

from __future__ import annotations

import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

from solvent.app.config import secret
from solvent.values.errors import Invalid, Refused, Unavailable

KEY_FILE: Final = "sealing.key"
KEY_CHARACTERS_MIN: Final = 32
_NONCE_BYTES: Final = 12
_VERSION: Final = "1."


class Sealing:
    """AES-256-GCM. find: gives the text of the key, when it is needed first."""

    def __init__(self, find: Callable[[], str]) -> None:
        self._find = find
        self._found = b""

    def __repr__(self) -> str:
        return "Sealing()"

    def seal(self, text: bytes, purpose: str) -> str:
        """What is kept of a secret. purpose: without it nothing opens it, so nobody's passes for another's."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # it takes its time, and few need it

        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + urlsafe_b64encode(nonce + AESGCM(self._key()).encrypt(nonce, text, purpose.encode())).decode()

    def unseal(self, sealed: str, purpose: str) -> bytes:
        """The secret. Raises Unavailable where it was sealed with another key."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            raw = urlsafe_b64decode(sealed.removeprefix(_VERSION))
            return AESGCM(self._key()).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError):
            words = "this was sealed with another key; put the former sealing key back, or reset the second factor"
            raise Unavailable("sealed_otherwise", words) from None

    def _key(self) -> bytes:
        if not self._found:
            self._found = sha256(self._find().encode()).digest()
        return self._found


def open_sealing(reference: str, directory: Path, near: Path, *, is_shared: bool) -> Sealing:
    """reference: env:NAME or file:PATH; "" for a key of the data directory's own. near: the folder paths start from.
    is_shared: the books are not in the directory, and others may have another one: then there must be a reference.

    Raises Invalid for a key that is not there, or too short.
    """
    if not reference and is_shared:
        return Sealing(_missing)
    if not reference:
        return Sealing(lambda: _of_directory(directory / KEY_FILE))
    key = secret(reference, "people.sealing_key", os.environ, near)
    if len(key) < KEY_CHARACTERS_MIN:
        raise Invalid("bad_secret", f"people.sealing_key: it has at least {KEY_CHARACTERS_MIN} random characters")
    return Sealing(lambda: key)


def _missing() -> str:
    words = "these books may be shared: set people.sealing_key, the same in every process, to keep apps' secrets with"
    raise Refused("no_sealing_key", words)


def _of_directory(file: Path) -> str:
    """Its own key, for its owner's eyes only. Of two processes that make one at once, both take the first."""
    if not file.exists():
        part = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_hex(32))
            new.flush()
            os.fsync(new.fileno())
        try:
            os.link(part, file)
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
    return file.read_text(encoding="ascii").strip()
