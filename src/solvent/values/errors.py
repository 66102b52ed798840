"""Every error Solvent raises on purpose.

SolventError
├── Invalid           the caller sent something malformed
├── Unauthenticated   nobody we know is calling
├── Refused           a rule said no (balance, plan, permission)
├── NotFound          no such thing
├── Conflict          the thing is in another state
└── Unavailable       something we depend on failed; a retry may help

Doors turn kinds and codes into HTTP statuses, error types and exit codes, in one table each.
"""

from __future__ import annotations


class SolventError(Exception):
    """What went wrong, for people (`message`) and for programs (`code`, listed in docs/errors.md).

    param: the input field at fault, in the caller's own words, or None.
    retry_after_s: whole seconds after which the same call may succeed; None means do not retry.
    """

    def __init__(self, code: str, message: str, *, param: str | None = None, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[object, ...]:  # it may come from another process
        return _again, (type(self), dict(self.__dict__))


def _again(kind: type[SolventError], members: dict[str, object]) -> SolventError:
    error = kind.__new__(kind, members["message"])
    error.__dict__.update(members)
    return error


class Invalid(SolventError):
    """The caller sent something malformed; the same call will never succeed."""


class Unauthenticated(SolventError):
    """No key, or a key nobody was given."""


class Refused(SolventError):
    """A rule said no: the wallet, the plan, or the key's permission.

    resets_us: when what is used up begins anew, in microseconds since 1970; 0 for never.
    """

    def __init__(
        self, code: str, message: str, *, param: str | None = None, retry_after_s: int | None = None, resets_us: int = 0
    ) -> None:
        super().__init__(code, message, param=param, retry_after_s=retry_after_s)
        self.resets_us = resets_us


class NotFound(SolventError):
    """No such thing, or none that this caller may see."""


class Conflict(SolventError):
    """The thing is in another state than the call assumes."""


class Unavailable(SolventError):
    """Something we depend on failed. `upstream_status` is the provider's own status, if it sent one."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        param: str | None = None,
        retry_after_s: int | None = None,
        upstream_status: int | None = None,
    ) -> None:
        super().__init__(code, message, param=param, retry_after_s=retry_after_s)
        self.upstream_status = upstream_status
