"""Margin: what each answer, customer, plan and model earned, joined with what it cost."""
