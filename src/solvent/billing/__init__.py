"""Decisions about money: who may ask, on what plan, with what gift."""
