"""Traffic that never was: customers, how often they ask, and what would have come of it."""
