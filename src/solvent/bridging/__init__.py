"""Bridging: a question asked in one dialect is answered by a provider that speaks another."""
