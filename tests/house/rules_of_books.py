"""SQL in its place and money in whole numbers: rules 5 and 6."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.house.house import SQL_LIBRARIES, House, Source

Finding = tuple[int, str]

SQL_TYPES = frozenset({"Connection", "Engine", "Row", "RowMapping", "exc"})  # a door or a job may name these
_SQL = re.compile(
    r"\s*(?:SELECT\s|INSERT\s|REPLACE\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|PRAGMA\s|WITH\s+\w+\s+AS\s*\("
    r"|select\s+[\w\s*,.()]+\sfrom\s|insert\s+(?:or\s+\w+\s+)?into\s|update\s+\S+\s+set\s|delete\s+from\s|pragma\s"
    r"|(?i:create|drop|alter)\s+(?i:temp\w*\s+|unique\s+|virtual\s+)?(?i:table|index|view|trigger)\s)"
)
_TRANSACTION = re.compile(r"\s*(?:BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|END)\b", re.IGNORECASE)
_TRANSACTION_WORDS_MAX = 3  # BEGIN IMMEDIATE TRANSACTION; longer strings are sentences
_ENDS_TRANSACTIONS = frozenset({"commit", "rollback", "begin", "begin_nested", "begin_twophase"})

MONEY_ROOMS = frozenset({"pricing", "ledger", "billing", "margin", "reconciling"})
MONEY_FILES = frozenset({"values/money.py"})
_FLOAT_NAMES = frozenset({"float", "complex", "Float", "Double", "REAL", "truediv", "fdiv", "fsum"})
_FLOAT_ATTRIBUTES = frozenset({"total_seconds", "timestamp", "truediv", "Float", "Double", "REAL"})
_WHOLE_MATH = frozenset({"ceil", "comb", "factorial", "floor", "gcd", "isqrt", "lcm", "perm", "prod", "trunc"})


def only_stores_speak_sql(house: House) -> list[str]:
    """Rule 5: SQL only in stores and `db/`; a store is synchronous and never ends a transaction."""
    broken = []
    for source in house.sources:
        if house.kind(source) == "store":
            findings = list(_ends_a_transaction(source))
        elif house.room(source) == "db":
            continue
        else:
            types = house.kind(source) not in ("noun", "verb", "port")
            findings = [*_sql_imports(house, source, types=types), *_sql_text(source)]
        broken += [source.breach(line, 5, what) for line, what in findings]
    return broken


def _sql_imports(house: House, source: Source, *, types: bool) -> Iterator[Finding]:
    for found in house.imports(source):
        first, *rest = found.name.split(".")
        if first in SQL_LIBRARIES and not (types and first == "sqlalchemy" and SQL_TYPES & set(rest)):
            yield found.line, f"imports {found.name}; SQL lives in the room's store.py, the engine in db/"


def _sql_text(source: Source) -> Iterator[Finding]:
    for line, text in source.strings:
        if _SQL.match(text):
            yield line, f"SQL outside store.py: {text.strip()[:30]!r}; move it to the room's store.py"
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and node.attr == "exec_driver_sql":
            yield node.lineno, "SQL outside store.py; move it to the room's store.py"


def _ends_a_transaction(source: Source) -> Iterator[Finding]:
    for line, text in source.strings:
        if _TRANSACTION.match(text) and len(text.split()) <= _TRANSACTION_WORDS_MAX:
            yield line, f"a store says {text.strip()}; the use case owns its transaction"
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and node.attr in _ENDS_TRANSACTIONS:
            yield node.lineno, f"a store calls {node.attr}(); the use case owns its transaction"
        elif isinstance(node, ast.AsyncFunctionDef):
            yield node.lineno, f"{node.name}() waits; a store runs in a thread of db/, so make it plain"


def money_is_whole(house: House) -> list[str]:
    """Rule 6: no float and no true division in the money rooms and values/money.py."""
    return [
        source.breach(line, 6, f"{what}; count grains or picos and divide with round_half_even()")
        for source in house.sources
        if house.room(source) in MONEY_ROOMS or source.place in MONEY_FILES
        for line, what in _fractions(source)
    ]


def _fractions(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        match node:
            case ast.Constant(value=float() | complex() as value):
                yield node.lineno, f"the float {value}"
            case ast.Name(id=name) if name in _FLOAT_NAMES:
                yield node.lineno, f"the name {name}"
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                yield node.lineno, "a true division"
            case ast.BinOp(op=ast.Pow(), right=ast.UnaryOp(op=ast.USub())):
                yield node.lineno, "a negative power is a float"
            case ast.Attribute(value=ast.Name(id="math"), attr=name) if name not in _WHOLE_MATH:
                yield node.lineno, f"math.{name} gives a float"
            case ast.Attribute(attr=name) if name in _FLOAT_ATTRIBUTES:
                yield node.lineno, f".{name} gives a float"
            case ast.ImportFrom(module="math", names=names) if {a.name for a in names} - _WHOLE_MATH:
                yield node.lineno, "math gives a float"
            case ast.ImportFrom(module="operator", names=names) if {a.name for a in names} & _FLOAT_NAMES:
                yield node.lineno, "operator gives a float"
