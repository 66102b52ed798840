"""Browsers of other origins: those that are listed may ask and read, and nobody else."""

from __future__ import annotations

import pytest
from tests.doors.fixtures import CONFIG, Serve, scripted_model
from tests.doors.server import Solvent
from tests.doors.upstream import Upstream

pytestmark = pytest.mark.xdist_group("limited_keys")

PAGE = "https://chat.example.com"
ASK = {"model": "scripted", "messages": [{"role": "user", "content": "Hello?"}]}


def preflight(solvent: Solvent, origin: str) -> dict[str, str]:
    asked = {
        "origin": origin, "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }  # fmt: skip
    answer = solvent.send("OPTIONS", "/v1/chat/completions", key="", headers=asked)
    told = {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}
    assert (answer.status == 204) == bool(told)
    return told


def test_listed_pages_ask_and_read_and_others_do_not(serve: Serve, upstream: Upstream) -> None:
    config = f'cors_origins = "{PAGE}, http://localhost:3000"\n' + CONFIG + scripted_model(upstream)
    solvent = serve(config).start()
    told = preflight(solvent, PAGE)
    assert told.pop("access-control-max-age")
    assert told == {
        "access-control-allow-origin": PAGE, "access-control-allow-methods": "GET, POST, DELETE",
        "access-control-allow-headers": "authorization,content-type", "access-control-expose-headers": "*",
    }  # fmt: skip
    for stranger in ("https://evil.example.com", "null", f"{PAGE}.evil.com", "http://chat.example.com", f"{PAGE}:8443"):
        assert preflight(solvent, stranger) == {}
        answer = solvent.send("POST", "/v1/chat/completions", ASK, headers={"origin": stranger})
        assert (answer.status, answer.headers["vary"]) == (200, "origin")
        assert "access-control-allow-origin" not in answer.headers
    for body, key, status in ((ASK, None, 200), (ASK | {"stream": True}, None, 200), (ASK, "unknown", 401)):
        answer = solvent.send("POST", "/v1/chat/completions", body, key, {"origin": PAGE})
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, PAGE)
        assert answer.headers["x-request-id"]
        assert "access-control-allow-credentials" not in answer.headers
    assert "vary" not in solvent.send("GET", "/healthz", headers={"origin": PAGE}).headers
    assert solvent.stop() == 0


def test_without_the_setting_nobody_is_told_anything(serve: Serve) -> None:
    solvent = serve().start()
    assert preflight(solvent, PAGE) == {}
    answer = solvent.send("POST", "/v1/chat/completions", ASK, headers={"origin": PAGE})
    assert not [name for name in answer.headers if name.startswith("access-control-") or name == "vary"]
    assert solvent.stop() == 0


@pytest.mark.parametrize(
    "wrong", ["chat.example.com", "https://a/b", "https://*.example.com", "ftp://a", "https://a,b"]
)
def test_an_origin_that_is_none_is_said_at_the_start(serve: Serve, upstream: Upstream, wrong: str) -> None:
    solvent = serve(f'cors_origins = "{wrong}"\n' + CONFIG + scripted_model(upstream))
    assert solvent.launch().wait(30) != 0
    assert "cors_origins" in solvent.output
