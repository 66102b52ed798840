"""Reads a question that is a form with files in it: fields by name, as members of a JSON body would be."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import TypeVar

import msgspec

from solvent.app.http import Receive, body_parts
from solvent.gateway.multipart import Multipart, Part
from solvent.gateway.reading import unpriced
from solvent.providers.port import File
from solvent.values.errors import Invalid
from solvent.values.limits import (
    FORM_BYTES_MAX,
    FORM_S_MAX,
    FORM_TEXT_BYTES_MAX,
    QUESTION_FILES_MAX,
)
from solvent.values.misfit import misfit

T = TypeVar("T")

_encode = msgspec.json.encode


class Form(msgspec.Struct):
    """fields: what each says; a list of texts where its name ends in []. files: in their order."""

    fields: dict[str, str | list[str]]
    files: list[File]

    def as_(self, kind: type[T]) -> T:
        """The fields as a wish has them. Raises Invalid naming the field at fault."""
        try:
            return msgspec.convert(self.fields, kind, strict=False)
        except msgspec.ValidationError as wrong:
            raise misfit(str(wrong)) from None

    def members(self, passed_on: Set[str]) -> Mapping[str, msgspec.Raw]:
        """The fields of these names, to pass on."""
        return {name: msgspec.Raw(_encode(said)) for name, said in self.fields.items() if name in passed_on}


async def read_form(content_type: bytes, receive: Receive, fields: Set[str], files: Set[str]) -> Form:
    """The form in a request. fields, files: those that may be in it.

    Raises Invalid for any other, for what is no form, and for more than may be sent.
    """
    form = Form({}, [])
    size = 0
    body = body_parts(receive, FORM_BYTES_MAX, FORM_S_MAX)
    async for part in Multipart(content_type, body).parts():
        name = part.name.removesuffix("[]")
        if name in files and part.file_name is not None:
            if len(form.files) == QUESTION_FILES_MAX:
                message = f"{name}: send at most {QUESTION_FILES_MAX} files at once"
                raise Invalid("bad_request", message, param=name)
            form.files.append(File(part.name, part.file_name, await part.whole(FORM_BYTES_MAX), part.content_type))
        elif name in fields and part.file_name is None:
            text = await _text(part)
            size += len(text)
            _put(form, name, text, is_list=part.name.endswith("[]"))
        else:
            raise unpriced(name[:40])
        if size > FORM_TEXT_BYTES_MAX:
            raise Invalid("body_too_large", f"the fields of the form come to more than {FORM_TEXT_BYTES_MAX:,} bytes")
    return form


async def _text(part: Part) -> str:
    try:
        return (await part.whole(FORM_TEXT_BYTES_MAX)).decode()
    except UnicodeDecodeError:
        raise Invalid("bad_request", f"{part.name[:40]}: it is not UTF-8", param=part.name[:40]) from None


def _put(form: Form, name: str, text: str, *, is_list: bool) -> None:
    known = form.fields.get(name)
    if is_list:
        form.fields[name] = [*(known if isinstance(known, list) else ()), text]
    elif known is None:
        form.fields[name] = text
    else:
        raise Invalid("bad_request", f"{name}: send it once", param=name)
