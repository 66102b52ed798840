"""The chain: each row of the journal is hashed together with the hash of the row before it.

Who changes, adds or takes out a row in the middle breaks every hash after it. Keep a head somewhere else (the
closing of a month does), and the rows up to it are proven.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

import msgspec

from solvent.ledger.transfer import Transfer

_encode = msgspec.msgpack.Encoder().encode
_BLANK: Final = sha256()  # copied for each row: that takes half as long as finding the algorithm by its name again


class Head(msgspec.Struct, frozen=True):
    """Where the chain has come to: the number of its rows, and the hash of the last."""

    seq: int = 0
    hash: bytes = bytes(32)


def link(head: Head, transfer: Transfer) -> Head:
    """The head after one more row. The hash is over the hash before, and the row in MessagePack with its number."""
    seq = head.seq + 1
    digest = _BLANK.copy()
    digest.update(head.hash + _encode((seq, *msgspec.structs.astuple(transfer))))
    return Head(seq, digest.digest())


def links(head: Head, transfers: Iterable[Transfer]) -> list[Head]:
    """The heads after each of some rows."""
    heads = []
    for transfer in transfers:
        head = link(head, transfer)
        heads.append(head)
    return heads


def head_text(head: Head) -> str:
    """The head as people copy it: "1234:9f86d0..."."""
    return f"{head.seq}:{head.hash.hex()}"


def read_head(text: str) -> Head:
    """The head behind such a text; the beginning of the chain for an empty one."""
    seq, _, digest = text.partition(":")
    return Head(int(seq), bytes.fromhex(digest)) if digest else Head()
