"""What the scripted upstream answers where it is asked for pictures and sound, and how it reads forms with files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

# Of a script:
#   pictures       how many come, if not as many as were asked for
#   usage          the report; left out: none
PICTURE = "cGljdHVyZQ=="


def body_of(headers: Mapping[str, str], sent: bytes) -> dict[str, Any]:
    """The members of a request: of JSON, or of a form, where a file is its name and bytes."""
    kind = headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        return json.loads(sent) if sent else {}
    form = BytesParser(policy=HTTP).parsebytes(f"content-type: {kind}\r\n\r\n".encode() + sent)
    found: dict[str, Any] = {}
    for part in form.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        found[name] = [*found[name], _value(part)] if isinstance(found.get(name), list) else _value(part)
        if name.endswith("[]") and not isinstance(found[name], list):
            found[name] = [found[name]]
    return found


def _value(part: Message) -> Any:
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    file_name = part.get_filename()
    return data.decode() if file_name is None else (file_name, data)


def media_reply(path: str, body: Mapping[str, Any], script: Mapping[str, Any]) -> tuple[bytes, str] | None:
    """The body of an answer and its type; None where something else is asked for."""
    if "/images/" in path:
        count = script.get("pictures", int(body.get("n", 1)))
        return _json({"created": 1, "data": [{"b64_json": PICTURE}] * count}, script)
    if path.endswith("/audio/speech"):
        return f"sound of {body['input']}".encode(), "audio/mpeg"
    if path.endswith("/audio/transcriptions"):
        return _json(
            {"text": "안녕하세요"} | ({"duration": script["duration"]} if "duration" in script else {}), script
        )
    return None


def _json(said: dict[str, Any], script: Mapping[str, Any]) -> tuple[bytes, str]:
    usage = {"usage": script["usage"]} if "usage" in script else {}
    return json.dumps(said | usage).encode(), "application/json"
