"""The operator's side: the API under /v1, and the pages under /console."""
