"""What the request log leaves of a body beside its words: of pictures, sound and files their kind and size alone."""

from __future__ import annotations

import json
import re
from typing import Any, Final

_MEDIA: Final = r"data:([\w.+-]{1,40}/[\w.+-]{1,80})"
_DATA: Final = re.compile(rf"{_MEDIA}[^,]{{0,200}},")
_INLINE: Final = re.compile(rf"(?:{_MEDIA}|data:)(?:;[\w=.-]{{1,60}}){{0,4}};base64,([A-Za-z0-9+/_-]*={{0,2}})")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_=\s-]*")
_BYTES: Final = frozenset({"b64_json", "data", "embedding", "encrypted_content", "file_data", "signature"})
_BYTES_MIN: Final = 8  # characters; what is shorter is no picture
_RUN_MIN: Final = 400  # characters of base64 without a space: no text, wherever it stands
_JSON: Final = frozenset({"arguments", "partial_json"})  # of calls: JSON in a text


def pared(value: Any, name: str = "") -> Any:
    """JSON without what is no text. name: of the member that it is."""
    if isinstance(value, str):
        return _text(value, name)
    if isinstance(value, list):
        if value and all(isinstance(one, int | float) and not isinstance(one, bool) for one in value):
            return f"[{len(value)} NUMBERS]"
        return [pared(one, name) for one in value]
    if isinstance(value, dict):
        return {key: pared(one, key) for key, one in value.items()}
    return value


def _text(words: str, name: str) -> Any:
    if name in _JSON:
        try:
            found = json.loads(words)
        except ValueError:
            return words
        return pared(found) if isinstance(found, dict | list) else words
    data = _DATA.match(words)
    if data is not None:
        return sized(data[1], _bytes(words[data.end() :]))
    is_bytes = name in _BYTES and len(words) >= _BYTES_MIN and _BASE64.fullmatch(words)
    if is_bytes or (len(words) >= _RUN_MIN and " " not in words and _BASE64.fullmatch(words)):
        return sized("DATA", _bytes(words))
    return _INLINE.sub(lambda found: sized(found[1] or "DATA", _bytes(found[2])), words)


def _bytes(base64: str) -> int:
    return len(base64.rstrip("=")) * 3 // 4


def sized(kind: str, size: int) -> str:
    """How something is told that is not kept."""
    return f"[{kind} {size} BYTES]"
