"""The operator's pages: for now one live page at /."""
