"""Downloads an open model from the Hugging Face hub and puts it on sale.

Content is known by its sha256 before the first byte comes, so a partial file goes on with a plain Range
whichever server of the hub answers, and nothing gets its final name before size and sum are right.
"""

from __future__ import annotations
