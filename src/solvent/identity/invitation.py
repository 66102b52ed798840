"""An invitation: a link to choose a password by, once and for some days. Its digest stands where the password will.

No digest of a password begins so, and none is made of it: an invited person cannot sign in before they have chosen one.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Final

from solvent.values.errors import Refused
from solvent.values.instant import DAY_US

INVITED_US: Final = 7 * DAY_US
_MARK: Final = "invited"


def kept_of(token: str, until_us: int) -> str:
    """What stands where the password will."""
    return f"{_MARK}/{until_us}/{sha256(token.encode()).hexdigest()}"


def demand_invited(kept: str, token: str, now_us: int) -> None:
    """Raises Refused unless the token opens what is kept: it was used, ran out, or is another's."""
    mark, _, rest = kept.partition("/")
    until, _, digest = rest.partition("/")
    is_theirs = mark == _MARK and hmac.compare_digest(digest, sha256(token.encode()).hexdigest())
    if not is_theirs or now_us >= int(until):
        raise Refused("invitation_over", "this link was used, or is too old; ask an owner for a new one")
