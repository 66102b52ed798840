"""An authenticator in software, by the WebAuthn specification: what it signs can be made wrong in each way."""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


class SoftPasskey:
    """One passkey. origin, host: where it believes it is; counter: how often it says it signed."""

    def __init__(self, origin: str, host: str) -> None:
        self.origin, self.host, self.counter, self.person = origin, host, 0, ""
        self.flags = PRESENT | VERIFIED
        self.id = os.urandom(16)
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def known_as(self) -> str:
        return text(self.id)

    def make(self, options: dict[str, Any]) -> str:
        """What a browser sends of a new one."""
        self.person = options["user"]["id"]
        numbers = self._key.public_key().public_numbers()
        key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + key
        told = {"fmt": "none", "attStmt": {}, "authData": self._data(self.flags | ATTESTED) + attested}
        client = self._client("webauthn.create", options["challenge"])
        return self._sent(client, {"attestationObject": text(cbor2.dumps(told))})

    def sign(self, options: dict[str, Any], **changed: str) -> str:
        """What a browser sends to sign in. changed: members of the response that are wrong."""
        self.counter += 1
        data = self._data(self.flags)
        client = self._client("webauthn.get", options["challenge"])
        signature = self._key.sign(data + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        answer = {"authenticatorData": text(data), "signature": text(signature), "userHandle": self.person}
        return self._sent(client, answer | changed)

    def _data(self, flags: int) -> bytes:
        return sha256(self.host.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _sent(self, client: bytes, response: dict[str, str]) -> str:
        told = {"clientDataJSON": text(client), **response}
        return json.dumps({"id": self.known_as, "rawId": self.known_as, "type": "public-key", "response": told})
