"""What is sealed opens with the same key for the same purpose, and with nothing else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from solvent.app.sealing import KEY_FILE, open_sealing
from solvent.values.errors import Invalid, Refused, Unavailable


def test_a_key_of_the_directorys_own_is_made_once_for_its_owners_eyes(tmp_path: Path) -> None:
    sealings = [open_sealing("", tmp_path, tmp_path, is_shared=False) for _ in range(8)]
    assert not list(tmp_path.iterdir()), "nothing is made before it is needed"
    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(lambda sealing: sealing.seal(b"secret", "app/kim"), sealings))
    assert [file.name for file in tmp_path.iterdir()] == [KEY_FILE]
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert len(set(sealed)) == 8
    for one in sealed:
        assert sealings[0].unseal(one, "app/kim") == b"secret"
        assert "secret" not in one
        for wrong, purpose in ((one, "app/lee"), (one[:-4] + "AAAA", "app/kim"), ("", "app/kim"), ("1.x", "app/kim")):
            with pytest.raises(Unavailable) as refused:
                sealings[1].unseal(wrong, purpose)
            assert refused.value.code == "sealed_otherwise"


def test_a_key_by_reference_is_the_same_everywhere_and_long_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "seal").write_text("k" * 32)
    monkeypatch.setenv("SEAL", "k" * 32)
    one = open_sealing("file:seal", tmp_path / "a", tmp_path, is_shared=True)
    other = open_sealing("env:SEAL", tmp_path / "b", tmp_path, is_shared=True)
    assert other.unseal(one.seal(b"secret", "x"), "x") == b"secret"
    assert "k" * 32 not in repr(one)
    monkeypatch.setenv("SEAL", "short")
    for reference in ("env:SEAL", "env:NOWHERE", "k" * 32):
        with pytest.raises(Invalid):
            open_sealing(reference, tmp_path, tmp_path, is_shared=False)


def test_books_that_others_may_share_want_a_reference(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        open_sealing("", tmp_path, tmp_path, is_shared=True).seal(b"secret", "x")
    assert refused.value.code == "no_sealing_key"
    assert not list(tmp_path.iterdir())
