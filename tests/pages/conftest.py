"""Pages are tested on a real server and in a real browser."""

from tests.browsing import base_url, browser, new_server, open_page, server
from tests.chat.own import toss

__all__ = ["base_url", "browser", "new_server", "open_page", "server", "toss"]
