"""Routing: which of several upstreams answers a question, and which is asked next when one fails."""
