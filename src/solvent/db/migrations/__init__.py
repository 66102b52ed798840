"""Migrations: forward only, expand before contract."""
