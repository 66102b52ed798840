"""Files for spreadsheets, in which no text can be taken for a formula."""

from __future__ import annotations


def harmless(value: object) -> object:
    """A name that a spreadsheet would take for a formula is shown as it is. Amounts may begin with a minus."""
    is_formula = isinstance(value, str) and value[:1] in "=+@\t\r" and value
    return f"'{value}" if is_formula else value


def harmless_name(name: str) -> str:
    """The same for a text that is never an amount."""
    return f"'{name}" if name[:1] == "-" else str(harmless(name))
