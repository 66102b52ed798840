"""A person's browser without its screen: cookies, forms with their tokens, and where they lead."""

from __future__ import annotations

import re
from typing import Any

import httpx2
from tests.doors.server import Solvent

TOKEN = re.compile(r'name="csrf" (?:value|content)="([0-9a-f]+)"')
PASSWORD = "a long enough password"


class Browser:
    """Talks to a server as a browser does."""

    def __init__(self, server: Solvent, language: str = "en") -> None:
        self.http = httpx2.Client(base_url=server.url, headers={"accept-language": language}, timeout=30)

    def get(self, path: str, **settings: Any) -> httpx2.Response:
        return self.http.get(path, **settings)

    def token(self, path: str = "/sign-in") -> str:
        """The form token of a page."""
        found = TOKEN.search(self.get(path, follow_redirects=True).text)
        assert found, path
        return found[1]

    def send(self, path: str, at: str = "/sign-in", **members: str) -> httpx2.Response:
        """Send a form that stands on a page."""
        return self.http.post(path, data={"csrf": self.token(at), **members})

    def sign_up(self, email: str, **members: str) -> httpx2.Response:
        return self.send("/sign-up", "/sign-up", email=email, password=PASSWORD, **members)

    def sign_in(self, email: str, password: str = PASSWORD, **members: str) -> httpx2.Response:
        return self.send("/sign-in", email=email, password=password, **members)

    def post_json(self, path: str, body: object) -> Any:
        """What a script of a page sends, and what it is told."""
        response = self.http.post(path, json=body, headers={"x-csrf": self.token("/")})
        assert response.status_code == 200, response.text
        return response.json()
