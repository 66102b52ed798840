"""A real Postgres of the tests' own: a throw-away cluster on a free port, synced as a real one is.

Where its programs are missing, tests that need it are skipped; with CI=true they fail instead.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from tests.ports import unused_port

from solvent.db.engine import open_engine

_numbers = count()


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    beside = shutil.which("pg_ctl")
    return found[-1].parent if found else Path(beside).parent if beside else None


# Everything that a test may have made or changed in a database beside rows.
_SHAPE = """
SELECT string_agg(what, ' ' ORDER BY what) FROM (
    SELECT concat(relname, '.', attname) AS what FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT version_num FROM alembic_version
) AS shape
"""
_EMPTY = """
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
END $$
"""


class Postgres:
    """One running cluster. `database` gives an empty database in it, its tables migrated; `take_back` when it is done.

    Making one takes most of a second, so one that was given back serves the next test, emptied of its rows.
    """

    def __init__(self, port: int, user: str) -> None:
        self._server = f"postgresql://{user}@127.0.0.1:{port}"
        self._template = ""
        self._shape = ""
        self._empty: list[str] = []

    def database(self) -> str:
        """The URL of a new database, or of an old one that is as good as new."""
        if not self._template:
            self._template = self._create("")
            open_engine(Path(), f"{self._server}/{self._template}").dispose()
            with self._connected(f"{self._server}/{self._template}") as connection:
                self._shape = str(connection.execute(text(_SHAPE)).scalar())
        return self._empty.pop() if self._empty else f"{self._server}/{self._create(self._template)}"

    def take_back(self, url: str) -> None:
        """Empty a database for the next one who asks; one that cannot be emptied is left alone."""
        try:
            with self._connected(url) as connection:
                connection.execute(text("SET LOCAL lock_timeout = '2s'"))
                connection.execute(text("SET LOCAL session_replication_role = replica"))  # in whatever order
                if connection.execute(text(_SHAPE)).scalar() != self._shape:
                    return
                connection.execute(text(_EMPTY))
                connection.commit()
        except SQLAlchemyError:
            return
        self._empty.append(url)

    @contextmanager
    def _connected(self, url: str) -> Iterator[Connection]:
        engine = create_engine(url.replace("postgresql:", "postgresql+pg8000:"), connect_args={"ssl_context": False})
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    def empty_database(self) -> str:
        """The URL of a new database without any table."""
        return f"{self._server}/{self._create('')}"

    def _create(self, template: str) -> str:
        name = f"books_{next(_numbers)}"
        url = f"{self._server}/postgres".replace("postgresql:", "postgresql+pg8000:")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else "")))
        engine.dispose()
        return name


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A cluster in a folder of its own; gone at the end."""
    programs = _programs()
    if programs is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs Postgres: apt-get install postgresql")
        pytest.skip("Postgres is not installed: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="solvent-postgres-"))
    user = "postgres" if os.getuid() == 0 else getpass.getuser()  # it refuses to run as root
    if os.getuid() == 0:
        shutil.chown(folder, user)
    as_user = ["runuser", "-u", user, "--"] if os.getuid() == 0 else []
    port = unused_port()

    def run(program: str, *arguments: str) -> None:
        command = [*as_user, str(programs / program), "-D", str(folder / "data"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/tmp", stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stdout + done.stderr + _log(folder)

    run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-U", user)
    settings = f"-p {port} -h 127.0.0.1 -k {folder} -c max_connections=200 -c shared_buffers=64MB -c max_wal_size=256MB"
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", settings, "start")
    try:
        yield Postgres(port, user)
    finally:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _log(folder: Path) -> str:
    log = folder / "log"
    return log.read_text() if log.exists() else ""
