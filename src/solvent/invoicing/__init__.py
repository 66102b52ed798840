"""Invoices, credit notes and usage statements: documents that add up, numbered without gaps, never changed."""
