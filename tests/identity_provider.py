"""An identity provider on this machine: OpenID Connect as it should be, or with one thing wrong; and Naver's way."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "solvent-here", "the secret of solvent at this provider, long enough"


class Provider:
    """who: the claims of whoever signs in next. wrong: claims of the next tokens instead. alg: how they are signed."""

    def __init__(self) -> None:
        self.url = ""
        self.who: dict[str, Any] = {}
        self.wrong: dict[str, Any] = {}
        self.alg = "RS256"
        self.asked: dict[str, str] = {}
        self._key = generate_private_key(65537, 2048)
        self._other = generate_private_key(65537, 2048)
        self.is_forged = False
        self._codes: dict[str, dict[str, str]] = {}
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/jwks", self._jwks),
                Route("/oauth2.0/authorize", self._authorize),
                Route("/oauth2.0/token", self._naver_token, methods=["POST"]),
                Route("/v1/nid/me", self._naver_me),
            ]
        )

    async def _discovery(self, _: Request) -> Response:
        at = self.url
        return JSONResponse(
            {
                "issuer": at, "authorization_endpoint": f"{at}/authorize", "token_endpoint": f"{at}/token",
                "jwks_uri": f"{at}/jwks", "response_types_supported": ["code"],
            }
        )  # fmt: skip

    async def _authorize(self, request: Request) -> Response:
        """Whoever comes is signed in already, and agrees."""
        self.asked = dict(request.query_params)
        code = secrets.token_urlsafe(8)
        self._codes[code] = self.asked
        back = {"code": code, "state": self.asked["state"]}
        return RedirectResponse(f"{self.asked['redirect_uri']}?{urlencode(back)}", 302)

    async def _token(self, request: Request) -> Response:
        asked = await self._asked(request)
        if asked is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.who,
            **self.wrong,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        key: RSAPrivateKey | str = self._other if self.is_forged else self._key
        if self.alg != "RS256":
            key = SECRET if self.alg.startswith("HS") else ""
        token = jwt.encode(claims, key or None, self.alg, headers={"kid": "one"})  # type: ignore[arg-type]
        return JSONResponse({"id_token": token, "access_token": "a", "token_type": "Bearer"})

    async def _naver_token(self, request: Request) -> Response:
        if await self._asked(request, has_pkce=False) is None:
            return JSONResponse({"error": "invalid_request"})
        return JSONResponse({"access_token": "naver-token", "token_type": "bearer", "expires_in": "3600"})

    async def _naver_me(self, request: Request) -> Response:
        if request.headers.get("authorization") != "Bearer naver-token":
            return JSONResponse({"resultcode": "024", "message": "Authentication failed"}, 401)
        return JSONResponse({"resultcode": "00", "message": "success", "response": self.who})

    async def _asked(self, request: Request, *, has_pkce: bool = True) -> dict[str, str] | None:
        form = dict(parse_qsl((await request.body()).decode()))
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or (form["client_id"], form["client_secret"]) != (CLIENT, SECRET):
            return None
        challenge = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if has_pkce and asked["code_challenge"] != challenge:
            return None
        return asked if form["redirect_uri"] == asked["redirect_uri"] else None

    async def _jwks(self, _: Request) -> Response:
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return JSONResponse({"keys": [{**key, "kid": "one", "alg": "RS256", "use": "sig"}]})


@contextmanager
def running() -> Iterator[Provider]:
    """One, answering."""
    provider = Provider()
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        provider.url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(provider.app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
        thread.start()
        yield provider
        server.should_exit = True
        thread.join(10)
