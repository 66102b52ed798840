"""Every exception to the house rules, in one place. The shorter this file, the better the house.

To add one: a line here with its reason beside it. A test removes it again: an exception that nothing
needs any more fails `test_every_exception_is_still_needed`.
"""

from __future__ import annotations

from typing import Final

# Rule 3. Blocking jobs of `lightening/`: they import torch, numpy or gguf, read and write files, and run
# for minutes in a process or thread of their own, behind a port. Paths under src/solvent.
BLOCKING_JOBS: Final[frozenset[str]] = frozenset(
    {
        "lightening/export_gguf.py",
        "lightening/house_model.py",
        "lightening/network.py",
        "lightening/quantise.py",
        "lightening/tokenizer.py",
        "lightening/train.py",
    }
)

# Rule 3. Files that read data which comes with the package and never changes: in effect constants, so nouns may
# import them.
SHIPPED_DATA: Final[frozenset[str]] = frozenset({"lightening/word_files.py"})

# Rule 10. Module docstrings of more than five lines, because STYLE.md asks for a drawing in them.
LONG_DOCSTRINGS: Final = frozenset(
    {
        "values/errors.py",  # draws the whole error tree
    }
)

# What a port may name besides, in the signatures it declares.
PORT_MODULES: Final = frozenset({"pathlib"})

# What a noun may import: an allow-list, so that a new library is shut out until somebody argues for it.
PURE_MODULES: Final = frozenset(
    {
        "__future__", "abc", "array", "base64", "binascii", "bisect", "calendar", "collections",
        "contextlib", "copy", "csv", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools",
        "hashlib", "heapq", "hmac", "html", "ipaddress", "itertools", "json", "math", "msgspec", "numbers",
        "numpy", "operator", "random", "re", "statistics", "string", "struct", "textwrap", "types", "typing",
        "unicodedata", "urllib.parse", "zlib", "zoneinfo",
    }
)  # fmt: skip
