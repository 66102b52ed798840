"""Taking money: what a customer is asked to pay, over which rail, and what becomes of it."""
