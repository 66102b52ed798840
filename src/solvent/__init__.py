"""Solvent: a generative-AI service that pays for itself, every answer booked exactly once."""

from importlib.metadata import version

__version__ = version("solvent")
__all__ = ["__version__"]
