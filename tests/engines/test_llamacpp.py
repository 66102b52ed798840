"""The llama.cpp adapter refuses what it cannot run in one clear line; the rest needs weights and is told elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from solvent.engines.llamacpp import open_engine
from solvent.engines.port import Settings
from solvent.values.errors import Invalid


@pytest.mark.parametrize("seats", [0, -1, 17, 1_000])
def test_seats_out_of_range_are_refused(tmp_path: Path, seats: int) -> None:
    with pytest.raises(Invalid) as caught:
        open_engine(Settings(tmp_path / "m.gguf", seats=seats))
    assert (caught.value.code, caught.value.param) == ("bad_seats", "seats")


@pytest.mark.parametrize("name", ["nothing.gguf", "."])
def test_weights_that_are_not_there_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Invalid) as caught:
        open_engine(Settings(tmp_path / name))
    assert (caught.value.code, caught.value.param) == ("no_such_model_file", "file")
    assert str(tmp_path) in caught.value.message


@pytest.mark.parametrize("content", [b"", b"not weights", b"GGUF", b"GGUF\x03\x00\x00\x00" + b"\xff" * 64])
def test_weights_that_are_none_are_refused(tmp_path: Path, content: bytes) -> None:
    pytest.importorskip("xllamacpp", reason="the local engine is not installed here")
    file = tmp_path / "broken.gguf"
    file.write_bytes(content)
    with pytest.raises(Invalid) as caught:
        open_engine(Settings(file, seats=1, threads=1))
    assert caught.value.code == "bad_model_file"
    assert str(file) in caught.value.message
