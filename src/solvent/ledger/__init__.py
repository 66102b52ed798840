"""Double entry with two phases: every transfer balances, every hold ends exactly once."""
