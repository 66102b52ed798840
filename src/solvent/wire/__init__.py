"""Our own fast HTTP/1.1 client and SSE framing, on llhttp (httptools)."""
