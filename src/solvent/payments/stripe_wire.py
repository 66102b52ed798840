"""The network under Stripe's official library: our own client, so that its calls are bounded and go nowhere else.

The library lets a client be given; its own would need a thread for each call and read answers of any size.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping

import stripe

from solvent.values.errors import Invalid, Unavailable
from solvent.values.limits import PAYMENT_ANSWER_BYTES_MAX, PAYMENT_CONNECTIONS_MAX
from solvent.wire.origin import Origin
from solvent.wire.pool import Pool, Timeouts

# It would write an id into the home directory and send it, and timings, with every call.
stripe.enable_telemetry = False


class StripeWire(stripe.HTTPClient):
    """Sends the library's requests to one base URL."""

    name = "solvent"

    def __init__(self, base_url: str, answer_s: float) -> None:
        """Raises Invalid for a bad base URL."""
        super().__init__()
        self._base_url = base_url
        timeouts = Timeouts(first_byte_s=answer_s, silence_s=answer_s, total_s=answer_s)
        self._pool = Pool(Origin.parse(base_url), connections_max=PAYMENT_CONNECTIONS_MAX, timeouts=timeouts)

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: str | None = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """See stripe.HTTPClient. Raises stripe.APIConnectionError, which the library knows how to repeat."""
        if not url.startswith(self._base_url):
            raise stripe.APIConnectionError("the library asked for another address than the configured one")
        path = url[len(self._base_url) :]
        try:
            reply = await self._pool.send(method.upper(), path, dict(headers), (post_data or "").encode())
            return await reply.read(PAYMENT_ANSWER_BYTES_MAX), reply.status, reply.headers
        except Unavailable as failure:
            raise stripe.APIConnectionError(failure.message, should_retry=True) from None
        except Invalid as failure:
            raise stripe.APIConnectionError(failure.message) from None

    def sleep_async(self, secs: float) -> Awaitable[None]:
        """See stripe.HTTPClient."""
        return asyncio.sleep(secs)

    async def close_async(self) -> None:
        """See stripe.HTTPClient."""
        await self._pool.close()
