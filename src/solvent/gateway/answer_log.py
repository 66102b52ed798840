"""GET /v1/answers/{id}/log: what the request log has of an answer, to the customer whose it was."""

from __future__ import annotations

from solvent.answering.read_logged import read_logged
from solvent.app.build import App
from solvent.app.logged_body import LoggedTexts, logged_texts
from solvent.audit.act import Act, fingerprint
from solvent.identity.caller import Caller
from solvent.identity.permission import demand_use
from solvent.values.errors import Refused
from solvent.values.ids import new_id

LOG = "/log"


async def answer_log(app: App, caller: Caller, id: str) -> LoggedTexts:
    """Raises NotFound, and Refused for a key that may not chat, and for operators, who have a door of their own."""
    if caller.customer is None:
        message = "this is for the customer whose answer it was; operators read GET /v1/request_log/{answer}"
        raise Refused("customer_key_needed", message)
    demand_use(caller, "/v1/chat/completions")
    now_us = app.desk.now_us()
    act = Act(caller.key, new_id("req", now_us, app.desk.entropy()), fingerprint("GET", id), now_us)
    return logged_texts(await read_logged(id, caller.customer.id, act, app.database))
