"""Files of customers: what they upload for a batch, and what a batch writes for them."""
