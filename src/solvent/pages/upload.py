"""A form with a file in it, as texts: the file as base64 under its field's name, what it is called under NAME_name."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from typing import Final

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from solvent.values.errors import Invalid
from solvent.values.limits import FILE_NAME_CHARACTERS_MAX, PAGE_FORM_BYTES_MAX, PAGE_FORM_MEMBERS_MAX

MULTIPART: Final = "multipart/form-data"


async def members_in(body: bytes, headers: Headers) -> dict[str, str]:
    """Raises Invalid for what is no form, or breaks off. A field that no file was chosen for is empty."""

    async def parts() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(
        headers, parts(), max_files=1, max_fields=PAGE_FORM_MEMBERS_MAX, max_part_size=PAGE_FORM_BYTES_MAX
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeDecodeError) as wrong:
        raise Invalid("bad_form", f"this is no form with a file in it: {wrong}") from None
    found: dict[str, str] = {}
    for name, value in form.items():
        if isinstance(value, UploadFile):
            found[name] = base64.b64encode(await value.read()).decode()
            found[f"{name}_name"] = (value.filename or "")[:FILE_NAME_CHARACTERS_MAX]
        else:
            found[name] = value
    await form.close()
    return found
