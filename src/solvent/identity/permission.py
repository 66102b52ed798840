"""What each role may do, and each key of a customer: a table of each, and one place that asks it.

An action is named `what.read` or `what.write`. Who runs the place may do everything; the other roles what their
work needs and no more.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from solvent.identity.caller import OPERATOR_ROLES, Caller, Role, Use
from solvent.values.errors import Refused

Action = Literal[
    "answers.read", "audit.read", "coupons.read", "coupons.write", "customers.read", "customers.write",
    "invoices.read", "invoices.write", "keys.read", "keys.write", "ledger.read", "ledger.write", "limits.read",
    "limits.write", "margin.read", "operators.read", "operators.write", "payments.read", "payments.write",
    "plans.read", "plans.write", "prices.read", "prices.write", "request_log.read", "request_log.write",
    "simulations.read", "simulations.write", "subscriptions.read", "subscriptions.write",
    "wallets.read", "wallets.write",
]  # fmt: skip
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)

_ALL: Final = frozenset(OPERATOR_ROLES)
_MONEY: Final[frozenset[Role]] = frozenset({"owner", "finance"})  # who may move money or change what it costs
_CARE: Final[frozenset[Role]] = frozenset({"owner", "finance", "support"})  # who looks after customers
_TEXTS: Final[frozenset[Role]] = frozenset({"owner", "support"})  # who may read what customers ask and are told
_BOOKS: Final[frozenset[Role]] = frozenset({"owner", "finance", "read_only"})  # who may see cost and margin
ALLOWED: Final[dict[Action, frozenset[Role]]] = {
    "answers.read": _ALL,
    "audit.read": _BOOKS,
    "coupons.read": _ALL,
    "coupons.write": _MONEY,
    "customers.read": _ALL,
    "customers.write": _CARE,
    "invoices.read": _ALL,
    "invoices.write": _MONEY,
    "keys.read": _ALL,
    "keys.write": frozenset({"owner", "support"}),
    "ledger.read": _BOOKS,
    "ledger.write": _MONEY,
    "limits.read": _ALL,
    "limits.write": _CARE,
    "margin.read": _BOOKS,
    "operators.read": frozenset({"owner"}),
    "operators.write": frozenset({"owner"}),
    "payments.read": _ALL,
    "payments.write": _MONEY,
    "plans.read": _ALL,
    "plans.write": _MONEY,
    "prices.read": _BOOKS,
    "prices.write": _MONEY,
    "request_log.read": _TEXTS,
    "request_log.write": _TEXTS,
    "simulations.read": _BOOKS,
    "simulations.write": _MONEY,
    "subscriptions.read": _ALL,
    "subscriptions.write": _CARE,
    "wallets.read": _ALL,
    "wallets.write": _MONEY,
}

# What a path below /v1/ is used for, by its first two steps or the first one. What is not here no limited key may use.
PATHS: Final[dict[str, Use]] = {
    "answers": "wallet",
    "audio": "audio",
    "batches": "batches",
    "chat": "chat",
    "completions": "chat",
    "embeddings": "embeddings",
    "files": "files",
    "images": "images",
    "key": "wallet",
    "messages": "chat",
    "messages/batches": "batches",
    "moderations": "chat",
    "rerank": "embeddings",
    "responses": "chat",
    "videos": "videos",
}
_ANY_KEY: Final = "/v1/models"


def may(role: Role, action: Action) -> bool:
    """Whether a role may do something. A customer's key may do none of it."""
    return role in ALLOWED[action]


def demand(caller: Caller, action: Action) -> None:
    """Raises Refused unless the caller may do this, naming who may."""
    if may(caller.role, action):
        return
    if caller.role == "customer":
        raise Refused("operator_key_needed", "this needs an operator's key; the first is written at first run")
    roles = ", ".join(role for role in OPERATOR_ROLES if role in ALLOWED[action])
    message = f"this needs a key of the role {roles}; this one's role is {caller.role}"
    raise Refused("role_not_allowed", message)


def demand_use(caller: Caller, path: str) -> None:
    """Raises Refused for a key that is limited to some uses, on a path that is none of them."""
    if not caller.uses or path == _ANY_KEY:
        return
    steps = path.removeprefix("/v1/").split("/") if path.startswith("/v1/") else [""]
    use = PATHS.get("/".join(steps[:2])) or PATHS.get(steps[0])
    if use not in caller.uses:
        known = ", ".join(sorted(caller.uses))
        message = f"this key is for {known}, not for {use or 'this'}; the operator can change it"
        raise Refused("use_not_allowed", message)
