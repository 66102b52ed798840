"""Conversations of people with models: what they asked, what was answered, and every other way they tried."""
