"""Pure vocabulary that every room shares: money, usage, instants, ids, errors, limits."""
