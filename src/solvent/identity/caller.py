"""A caller: whoever holds a key, and the customer whose wallet pays."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Final, Literal, get_args

import msgspec

from solvent.identity.address import Address, Network, is_within
from solvent.values.errors import Invalid, Refused, Unauthenticated
from solvent.values.ids import CustomerId, KeyId
from solvent.values.instant import NEVER_US, iso
from solvent.values.limits import NAME_CHARACTERS_MAX

# A customer's key asks for answers. The others belong to operators; permission.py says what each may do.
Role = Literal["customer", "owner", "finance", "support", "read_only"]
OPERATOR_ROLES: Final[tuple[Role, ...]] = ("owner", "finance", "support", "read_only")
# What a customer's key is used for. permission.py says which paths are which.
Use = Literal["chat", "embeddings", "images", "audio", "videos", "files", "batches", "wallet"]
USES: Final[tuple[Use, ...]] = get_args(Use)
# suspended: answers are refused until it is lifted. closed: for good, with every key revoked.
State = Literal["active", "suspended", "closed"]


# What the request log may keep of a customer's: as their plan says, or nothing because they do not want it.
LogWish = Literal["plan", "none"]


class Customer(msgspec.Struct, frozen=True):
    """Who pays. plan: the name of a plan. created_us: when they came."""

    id: CustomerId
    name: str
    plan: str
    created_us: int
    state: State = "active"
    request_log: LogWish = "plan"


class Caller(msgspec.Struct, frozen=True):
    """Who asks. An operator's key has no customer and therefore no wallet. expires_us: the key is good until then.

    models: the only ones that its questions may reach; empty for all. addresses: the only ones it may be used from;
    empty for all. uses: the only things it may be used for; empty for all. user_header: the header that says whom it
    asks for, where its holder is trusted with one; "" for none. user: what that header says.
    in_batch: whether this asks a line of a batch, which nobody waits for. is_off_log: whether nothing of this is to be
    kept in the request log.
    """

    key: KeyId
    role: Role
    customer: Customer | None = None
    expires_us: int = NEVER_US
    models: frozenset[str] = frozenset()
    addresses: tuple[Network, ...] = ()
    uses: frozenset[Use] = frozenset()
    user_header: str = ""
    user: str = ""
    in_batch: bool = False
    is_off_log: bool = False


def off_log(caller: Caller) -> Caller:
    """The same caller, of whom nothing is to be kept in the request log."""
    return msgspec.structs.replace(caller, is_off_log=True)


def digest(given: bytes) -> bytes:
    """What is stored of a key and looked up. 192 random bits need no slow hash: there is nothing to guess."""
    return sha256(given).digest()


class Callers(dict[bytes, Caller]):
    """Who may call, by the digest of their key: a snapshot, replaced as a whole. A key of theirs that was sent is known
    as it is from then on, which costs no digest, for as long as the snapshot is in force."""

    __slots__ = ("_sent",)

    def __init__(self, known: Mapping[bytes, Caller] = MappingProxyType({})) -> None:
        super().__init__(known)
        self._sent: dict[bytes, Caller] = {}

    def holder(self, given: bytes) -> Caller | None:
        """Whose key was sent; None where it is nobody's."""
        caller = self._sent.get(given)
        if caller is None:
            caller = self.get(digest(given))
            if caller is not None:
                self._sent[given] = caller
        return caller


def caller_of(given: bytes, callers: Callers, now_us: int) -> Caller:
    """Who holds the key that was sent. callers: who may call.

    Raises Unauthenticated, never repeating what was sent.
    """
    if not given:
        words = "no key was sent; send the header Authorization: Bearer YOUR_KEY"
        raise Unauthenticated("no_api_key", words)
    caller = callers.holder(given)
    if caller is None:
        words = "this key is not known here; check it, or ask the operator for a new one"
        raise Unauthenticated("invalid_api_key", words)
    if caller.expires_us <= now_us:
        words = f"this key expired at {iso(caller.expires_us)}; ask the operator for a new one"
        raise Unauthenticated("key_expired", words)
    return caller


def caller_still(key: KeyId, callers: Mapping[bytes, Caller], now_us: int) -> Caller:
    """Whoever a key belongs to, for what was asked with it earlier. Raises Unauthenticated once it is not good."""
    caller = next((caller for caller in callers.values() if caller.key == key), None)
    if caller is None:
        words = f"the key {key} that this was asked with was revoked; ask again with another"
        raise Unauthenticated("invalid_api_key", words)
    if caller.expires_us <= now_us:
        words = f"the key {key} that this was asked with expired at {iso(caller.expires_us)}; ask again with another"
        raise Unauthenticated("key_expired", words)
    return caller


def demand_wallet(caller: Caller) -> Customer:
    """The customer whose wallet is behind this call. Raises Refused for an operator's key."""
    if caller.customer is None:
        message = "an operator key has no wallet to answer from; use a customer's key"
        raise Refused("customer_key_needed", message)
    return caller.customer


def demand_customer(caller: Caller) -> Customer:
    """The customer who pays for this call. Raises Refused for an operator's key, and for who may not ask now."""
    customer = caller.customer or demand_wallet(caller)
    if customer.state != "active":
        message = f"answers for {customer.name!r} are suspended; the operator says why, and lifts it"
        raise Refused("customer_suspended", message)
    return customer


def may_ask(caller: Caller, model: str) -> bool:
    """Whether a key's questions may reach a model."""
    return not caller.models or model in caller.models


def demand_model(caller: Caller, model: str) -> None:
    """Raises Refused for a model that is not among those the key is limited to, whether or not it exists."""
    if not may_ask(caller, model):
        message = f"this key may not ask the model {model[:100]!r}; GET /v1/models lists those it may"
        raise Refused("model_not_allowed", message, param="model")


def asking_for(caller: Caller, given: bytes) -> Caller:
    """The caller, with whom they ask for. given: the header of their key. Raises Invalid for what is no name."""
    try:
        return msgspec.structs.replace(caller, user=user_named(given.decode(), caller.user_header))
    except UnicodeDecodeError:
        raise Invalid("bad_request", f"{caller.user_header}: it is not UTF-8", param=caller.user_header) from None


def user_named(given: str, param: str) -> str:
    """An end user as a customer names them, cut to length. Raises Invalid for what cannot be printed."""
    user = given.strip()[:NAME_CHARACTERS_MAX]
    if not user.isprintable():
        raise Invalid("bad_request", f"{param}: it has a character that cannot be printed; leave it out", param=param)
    return user


def demand_address(caller: Caller, address: Address | None) -> None:
    """Raises Refused for a key with addresses that is used from elsewhere. address: None for an unknown one."""
    if caller.addresses and (address is None or not is_within(address, caller.addresses)):
        where = f"from {address}" if address is not None else "from an unknown address"
        message = f"this key may not be used {where}; ask the operator which addresses it is for"
        raise Refused("address_not_allowed", message)
