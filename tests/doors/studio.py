"""The scripted upstream where it makes videos: below /studio, in OpenAI's words. The script rides in the prompt."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.doors.upstream import Heard, _Peer

# Of a script, beside what every upstream knows:
#   looks          how often it is looked at before it is there; left out: once
#   fails          what it says when it failed instead
#   seconds        how long it says that it is, if not as long as was asked for
#   forgets        a look finds nothing any more
#   takes          "dead": it takes the order, and hangs
#   bytes          of the video; unnamed: a few words
GONE_AT: Final = 4_000_000_000
MADE: Final = b"\x00\x00\x00\x18ftypmp42 a video"


class Studio(_Peer):
    """Each job is known by its number, for as long as nobody deletes it."""

    jobs: Final[dict[str, Heard]] = {}
    looks: Final[dict[str, int]] = {}

    async def answer(self) -> None:
        """See `_Peer.answer`."""
        path = self._heard.path.partition("?")[0].removeprefix("/studio/videos")
        id, _, content = path.removeprefix("/").partition("/")
        if self._heard.method == "POST":
            await self._begin()
        elif id not in self.jobs:
            await self._say(404, {"error": {"message": "no such video"}})
        elif self._heard.method == "DELETE":
            del self.jobs[id]
            await self._say(200, {"id": id, "deleted": True})
        elif content:
            await self._whole(MADE * int(self.jobs[id].script.get("bytes", 1)), "video/mp4")
        else:
            await self._look(id)

    async def _begin(self) -> None:
        if self._script.get("hang") == "head":
            await self._hang()
        if "status" in self._script:
            await self._say(self._script["status"], {"error": {"message": "not today"}})
            return
        id = f"job/{len(self.looks)}"
        self.jobs[id.replace("/", "%2F")] = self._heard
        self.looks[id.replace("/", "%2F")] = 0
        self._heard.came.set()
        if self._script.get("takes") == "dead":
            await self._hang()
        await self._say(200, self._told(id, self._heard, "queued", 0))

    async def _look(self, id: str) -> None:
        heard = self.jobs[id]
        script = heard.script
        if script.get("forgets"):
            await self._say(404, {})
            return
        self.looks[id] += 1
        left = int(script.get("looks", 1)) - self.looks[id]
        state = "in_progress" if left > 0 else "failed" if "fails" in script else "completed"
        await self._say(200, self._told(id.replace("%2F", "/"), heard, state, 100 if left <= 0 else 42))

    def _told(self, id: str, heard: Heard, state: str, progress: int) -> dict[str, Any]:
        seconds = heard.script.get("seconds", heard.body["seconds"])
        said = {"id": id, "object": "video", "status": state, "progress": progress, "seconds": str(seconds)}
        if state == "failed":
            words = heard.script["fails"].replace("{key}", heard.key)
            said["error"] = {"code": "moderation_blocked", "message": words}
        return said | {"expires_at": heard.script.get("gone_at", GONE_AT) if state == "completed" else None}

    async def _say(self, status: int, body: dict[str, Any]) -> None:
        self._script = {"status": status}
        await self._whole(json.dumps(body).encode())
