"""Pages are tested on a real server and in a real browser."""

from tests.browsing import base_url, browser, new_server, open_page, server

__all__ = ["base_url", "browser", "new_server", "open_page", "server"]
