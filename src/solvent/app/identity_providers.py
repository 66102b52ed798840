"""Asks identity providers who somebody is: OpenID Connect's authorization code with PKCE, state and nonce.

Naver tells who it is by its user-info endpoint instead of an ID token. Sources: OpenID Connect Core 1.0, 3.1.3.7 (what
of an ID token is checked); RFC 7636 (PKCE); developers.naver.com/docs/login/api (read 2026-11-28).
"""

from __future__ import annotations

import hmac
import logging
import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec

from solvent.app.config import ProviderEntry, secret
from solvent.identity.credential import Identified
from solvent.values.errors import Refused, SolventError, Unavailable
from solvent.values.limits import EMAIL_CHARACTERS_MAX, PROVIDER_ANSWER_BYTES_MAX, PROVIDER_ANSWER_S_MAX
from solvent.wire.client import open_client
from solvent.wire.origin import Origin
from solvent.wire.pool import Timeouts

log = logging.getLogger("solvent.people")

T = TypeVar("T")

ISSUERS: Final = {"google": "https://accounts.google.com", "kakao": "https://kauth.kakao.com"}
_SCOPES: Final = {"kakao": "openid account_email profile_nickname"}
TITLES: Final = {"google": "Google", "kakao": "Kakao", "naver": "Naver"}
# What a provider's key may sign with: never "none", and nothing whose key we would share.
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_LEEWAY_S: Final = 60
_NAVER: Final = "https://nid.naver.com"


class Endpoints(msgspec.Struct):
    """What of a discovery document is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str = ""
    userinfo_endpoint: str = ""


class _Tokens(msgspec.Struct):
    id_token: str = ""
    access_token: str = ""


class _NaverPerson(msgspec.Struct):
    id: str
    email: str = ""
    name: str = ""
    nickname: str = ""


class _NaverTold(msgspec.Struct):
    response: _NaverPerson


class Errand(msgspec.Struct, frozen=True):
    """One way to a provider and back. nonce: comes back in the ID token. verifier: PKCE's, which only we know."""

    provider: str
    nonce: str
    verifier: str
    next: str


def new_errand(provider: str, next: str) -> Errand:  # noqa: A002
    """One that nobody can guess."""
    return Errand(provider, secrets.token_urlsafe(24), secrets.token_urlsafe(48), next)


class IdentityProvider:
    """One provider. redirect: where people come back to, registered there."""

    def __init__(self, entry: ProviderEntry, client_secret: str, redirect: str) -> None:
        self.name = entry.name
        self.title = entry.title or TITLES.get(entry.kind, entry.name)
        self._entry = entry
        self._secret = client_secret
        self._redirect = redirect
        self._issuer = (entry.issuer or ISSUERS.get(entry.kind, _NAVER)).rstrip("/")
        self._endpoints: Endpoints | None = None

    def __repr__(self) -> str:
        return f"IdentityProvider({self.name!r})"

    async def way_there(self, errand: Errand, state: str) -> str:
        """The address of its page. state: comes back beside the code. Raises Unavailable."""
        there = await self._known_endpoints()
        asked = {
            "response_type": "code", "client_id": self._entry.client_id, "redirect_uri": self._redirect, "state": state,
        }  # fmt: skip
        if self._entry.kind != "naver":
            challenge = urlsafe_b64encode(sha256(errand.verifier.encode()).digest()).rstrip(b"=").decode()
            asked |= {
                "scope": _SCOPES.get(self._entry.kind, "openid email profile"),
                "nonce": errand.nonce, "code_challenge": challenge, "code_challenge_method": "S256",
            }  # fmt: skip
        return f"{there.authorization_endpoint}?{urlencode(asked)}"

    async def identify(self, code: str, state: str, errand: Errand) -> Identified:
        """Who came back with the code. Raises Refused for a code or token that is not right; Unavailable."""
        there = await self._known_endpoints()
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect, "state": state,
            "client_id": self._entry.client_id, "client_secret": self._secret, "code_verifier": errand.verifier,
        }  # fmt: skip
        tokens = await self._ask(there.token_endpoint, _Tokens, form=form)
        if self._entry.kind == "naver":
            return await self._ask_naver(there, tokens)
        claims = await self._verified(tokens.id_token, there, errand.nonce)
        email = claims.get("email")
        return Identified(
            provider=self.name, issuer=there.issuer, subject=str(claims["sub"]),
            email=email if isinstance(email, str) and len(email) <= EMAIL_CHARACTERS_MAX else "",
            is_verified=claims.get("email_verified") is True,
            name=str(claims.get("name") or claims.get("nickname") or ""),
        )  # fmt: skip

    async def _ask_naver(self, there: Endpoints, tokens: _Tokens) -> Identified:
        bearer = {"authorization": f"Bearer {tokens.access_token}"}
        person = (await self._ask(there.userinfo_endpoint, _NaverTold, headers=bearer)).response
        # Naver does not say that it has checked the address.
        return Identified(
            provider=self.name, issuer=self._issuer, subject=person.id, email=person.email,
            name=person.name or person.nickname,
        )  # fmt: skip

    async def _verified(self, token: str, there: Endpoints, nonce: str) -> dict[str, Any]:
        import jwt  # with cryptography it takes its time, and few need it

        keys = await self._ask(there.jwks_uri, dict[str, Any])
        try:
            head = jwt.get_unverified_header(token)
            known = [key for key in keys["keys"] if key.get("kid") == head.get("kid") or "kid" not in head]
            claims = jwt.decode(
                token, jwt.PyJWK(known[0]), algorithms=list(_ALGORITHMS), audience=self._entry.client_id,
                issuer=there.issuer, leeway=_LEEWAY_S, options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )  # fmt: skip
        except (jwt.PyJWTError, KeyError, IndexError, TypeError, ValueError) as wrong:
            raise self._not_right(type(wrong).__name__) from None
        is_ours = claims.get("azp", self._entry.client_id) == self._entry.client_id
        if not is_ours or not claims["sub"] or not hmac.compare_digest(str(claims.get("nonce", "")), nonce):
            raise self._not_right("azp, sub or nonce")
        return dict(claims)

    async def _known_endpoints(self) -> Endpoints:
        if self._endpoints is None and self._entry.kind == "naver":
            at = self._issuer
            info = "https://openapi.naver.com/v1/nid/me" if at == _NAVER else f"{at}/v1/nid/me"
            self._endpoints = Endpoints(at, f"{at}/oauth2.0/authorize", f"{at}/oauth2.0/token", userinfo_endpoint=info)
        elif self._endpoints is None:
            found = await self._ask(f"{self._issuer}/.well-known/openid-configuration", Endpoints)
            if found.issuer.rstrip("/") != self._issuer:
                raise Unavailable("provider_unclear", f"{self.name} says that it is another issuer than it is asked as")
            self._endpoints = found
        return self._endpoints

    async def _ask(
        self, url: str, kind: type[T], form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> T:
        """One request; the answer as a `kind`. Nothing of what is sent or told reaches the log."""
        parts = urlsplit(url)
        timeouts = Timeouts(PROVIDER_ANSWER_S_MAX, PROVIDER_ANSWER_S_MAX, PROVIDER_ANSWER_S_MAX, PROVIDER_ANSWER_S_MAX)
        try:
            client = open_client(Origin.parse(f"{parts.scheme}://{parts.netloc}"), os.environ, timeouts=timeouts)
            try:
                path = parts.path + (f"?{parts.query}" if parts.query else "")
                sent = {"accept": "application/json", **(headers or {})}
                body = urlencode(form).encode() if form is not None else b""
                if form is not None:
                    sent["content-type"] = "application/x-www-form-urlencoded"
                reply = await client.send("GET" if form is None else "POST", path, sent, body)
                told = await reply.read(PROVIDER_ANSWER_BYTES_MAX)
            finally:
                await client.close()
        except SolventError as wrong:
            raise Unavailable("provider_unreachable", f"{self.name} cannot be asked now ({wrong.code})") from None
        if reply.status >= 500:
            raise Unavailable("provider_unreachable", f"{self.name} cannot be asked now (status {reply.status})")
        if reply.status != 200:
            raise self._not_right(f"status {reply.status}")
        try:
            return msgspec.json.decode(told, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Unavailable("provider_unclear", f"what {self.name} tells cannot be understood") from None

    def _not_right(self, why: str) -> Refused:
        log.warning("%s let nobody in: %s", self.name, why)
        return Refused("not_identified", f"{self.title} did not say who you are; try again")


def open_identity_providers(
    entries: Sequence[ProviderEntry], public_url: str, near: Path
) -> dict[str, IdentityProvider]:
    """By their names. near: the folder that paths start from. Raises Invalid for a secret that is not there."""
    at = public_url.rstrip("/")
    found = {}
    for entry in entries:
        client_secret = secret(entry.client_secret, f"identity_providers {entry.name!r}", os.environ, near)
        found[entry.name] = IdentityProvider(entry, client_secret, f"{at}/sign-in/with/{entry.name}/back")
    return found
