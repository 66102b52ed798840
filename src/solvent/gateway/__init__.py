"""The data plane's doors: /v1/* over raw ASGI. Parse, call the verb, render."""
