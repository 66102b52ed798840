"""Providers sell tokens: one file each, all behind one port."""
