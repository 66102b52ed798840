"""What a spreadsheet makes of a file of ours: names are names, and amounts are amounts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from solvent.pages.spreadsheet import line_of, sent_as


@pytest.mark.parametrize("text", ["=1+1", "+1", "@SUM(A1)", "\tx", "-2+3+cmd|' /C calc'!A0", "-", "-1,5", "--1"])
def test_a_name_is_no_formula(text: str) -> None:
    assert line_of([text]).lstrip('"').startswith("'")


@pytest.mark.parametrize("text", ["-1", "-0.25", "12", "Kim", "a-b", ""])
def test_an_amount_stays_one(text: str) -> None:
    assert line_of([text, 3]) == f"{text},3\r\n"


def test_a_file_that_breaks_off_does_not_look_whole() -> None:
    async def lines() -> AsyncIterator[str]:
        yield line_of(["Kim", "1"])
        raise OSError("the disk is gone")

    told: list[bytes] = []

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.body":
            told.append(bytes(message["body"]))  # type: ignore[call-overload]
            assert message["more_body"], "its end is missing, so that the download fails"

    with pytest.raises(OSError, match="gone"):
        asyncio.run(sent_as("x", lines()).stream_response(send))  # type: ignore[arg-type]
    assert told[1:] == [b"Kim,1\r\n", b'"broken off here: this file is not whole, download it again"\r\n']
