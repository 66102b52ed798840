"""Two books of dated prices, and the one place where usage becomes money."""
