"""What operators do to customers and keys: each change is one transaction, with who made it beside it."""
