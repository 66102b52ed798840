"""Engines run weights on our own hardware, behind one port, and say what that took."""
