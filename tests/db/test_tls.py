"""A connection to Postgres is as encrypted as its URL says: plain here, checked where that is asked for."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from sqlalchemy import make_url
from tests.db.postgres import Postgres

from solvent.db.engine import open_engine
from solvent.db.tls import encryption_of
from solvent.values.errors import Invalid, Unavailable


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("postgresql://me@127.0.0.1/books", False),
        ("postgresql://me@localhost:5433/books", False),
        ("postgresql://me@db.example/books", None),
        ("postgresql://me@127.0.0.1/books?sslmode=prefer", None),
        ("postgresql://me@db.example/books?sslmode=disable", False),
    ],
)
def test_here_it_is_plain_and_elsewhere_encrypted_where_it_can(url: str, plain: bool | None) -> None:
    kept, found = encryption_of(make_url(url))
    assert (kept.query, found) == ({}, plain)


@pytest.mark.parametrize(
    ("mode", "verified", "named"),
    [
        ("require", ssl.CERT_NONE, False),
        ("verify-ca", ssl.CERT_REQUIRED, False),
        ("verify-full", ssl.CERT_REQUIRED, True),
    ],
)
def test_what_must_be_encrypted_is_checked_as_far_as_is_asked(mode: str, verified: int, named: bool) -> None:
    kept, found = encryption_of(make_url(f"postgresql://me@db.example/books?sslmode={mode}&application_name=x"))
    assert kept.query == {"application_name": "x"}
    assert isinstance(found, ssl.SSLContext)
    assert (found.verify_mode, found.check_hostname) == (verified, named)


def test_what_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="sslmode 'always' is not known; write one of: disable prefer require"):
        encryption_of(make_url("postgresql://me@db.example/books?sslmode=always"))
    for root in (tmp_path / "missing.pem", tmp_path):
        with pytest.raises(Invalid, match=r"sslrootcert .* cannot be read"):
            encryption_of(make_url(f"postgresql://me@db.example/books?sslmode=verify-full&sslrootcert={root}"))


def test_a_server_that_cannot_encrypt_is_refused_where_it_must(postgres: Postgres) -> None:
    url = postgres.database()
    open_engine(Path(), f"{url}?sslmode=prefer").dispose()
    with pytest.raises(Unavailable, match=r"cannot be opened: .*SSL"):
        open_engine(Path(), f"{url}?sslmode=require")
    postgres.take_back(url)
