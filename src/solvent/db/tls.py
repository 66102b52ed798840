"""How a connection to Postgres is encrypted: by `sslmode` and `sslrootcert` in its URL, as its own clients read them.

Without them a server on this machine is spoken to plainly, and any other encrypted where it can.
"""

from __future__ import annotations

import ssl
from typing import Final

from sqlalchemy import URL

from solvent.values.errors import Invalid

_HERE: Final = (None, "", "localhost", "127.0.0.1", "::1")
_CHECKED: Final = {"require": False, "verify-ca": True, "verify-full": True}  # whether the certificate is
_MODES: Final = ("disable", "prefer", *_CHECKED)

Encryption = ssl.SSLContext | bool | None  # as pg8000 takes it: False is none; None is where the server can


def encryption_of(url: URL) -> tuple[URL, Encryption]:
    """The URL without what is said of encryption, and what that comes to.

    Raises Invalid for an unknown mode, or a file of certificates that cannot be read.
    """
    mode, root = (_one(url, name) for name in ("sslmode", "sslrootcert"))
    url = url.difference_update_query(("sslmode", "sslrootcert"))
    if mode not in ("", *_MODES):
        message = f"database: sslmode {mode!r} is not known; write one of: {' '.join(_MODES)}"
        raise Invalid("bad_config", message, param="database")
    if mode in ("", "prefer", "disable"):
        return url, False if mode == "disable" or (not mode and url.host in _HERE) else None
    try:
        context = ssl.create_default_context(cafile=root or None)
    except OSError as wrong:
        message = f"database: sslrootcert {root!r} cannot be read: {wrong.strerror or wrong}"
        raise Invalid("bad_config", message, param="database") from None
    context.check_hostname = mode == "verify-full"
    context.verify_mode = ssl.CERT_REQUIRED if _CHECKED[mode] else ssl.CERT_NONE
    return url, context


def _one(url: URL, name: str) -> str:
    value = url.query.get(name, "")
    return value if isinstance(value, str) else value[-1]
