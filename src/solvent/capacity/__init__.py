"""Capacity: what an answer costs on hardware, before anybody buys it."""
