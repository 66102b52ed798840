"""/v1/videos: videos that are made in the background, as OpenAI's clients ask for it. Paid by the second.

What one may come to is held until it has ended, whether or not anybody asks for it again.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.app.build import App
from solvent.app.http import Download, Receive, Scope, Send, read_body, respond
from solvent.app.videos import VideoOrder, hands_of, open_video
from solvent.filming import store
from solvent.filming.begin_video import begin_video
from solvent.filming.forget_video import forget_video
from solvent.filming.look_at_video import look_at_video
from solvent.filming.video import UNFINISHED, Video, is_due, no_such_video, pause_us
from solvent.gateway.endpoints import Body
from solvent.gateway.files import page_body
from solvent.gateway.form import Form, read_form
from solvent.gateway.reading import read_members, read_query, unpriced
from solvent.gateway.telling import opening_headers
from solvent.identity.caller import Caller, demand_customer, demand_wallet
from solvent.metering.picture import picture_of
from solvent.providers.port import File
from solvent.values.errors import Conflict, Invalid
from solvent.values.ids import AnswerId
from solvent.values.instant import US_PER_S
from solvent.values.limits import (
    PICTURE_SIDE_PIXELS_MAX,
    VIDEO_BEGIN_S_MAX,
    VIDEO_PROMPT_CHARACTERS_MAX,
    VIDEO_REFERENCE_BYTES_MAX,
    VIDEO_S_MAX,
)
from solvent.values.money import Money, plain
from solvent.values.usage import Usage

PATH: Final = "/v1/videos/"
_CONTENT: Final = "/content"
_MEMBERS: Final = frozenset({"model", "prompt", "seconds", "size"})
_REFERENCE: Final = "input_reference"
_SIZE: Final = "720x1280"  # where none is asked for
_SIZED: Final = re.compile(r"([1-9][0-9]{1,4})x([1-9][0-9]{1,4})")
_PICTURES: Final = ("png", "jpeg", "webp")
_ENDINGS: Final = {"video": "mp4", "thumbnail": "webp", "spritesheet": "jpg"}


class _Wish(msgspec.Struct):
    model: str
    prompt: str
    seconds: str | int | None = None
    size: str | None = None


class _Page(msgspec.Struct, forbid_unknown_fields=True):
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    after: str = ""
    order: Literal["asc", "desc"] = "desc"


class _Variant(msgspec.Struct, forbid_unknown_fields=True):
    variant: Literal["video", "thumbnail", "spritesheet"] = "video"


_decoder = msgspec.json.Decoder(_Wish)
_encode = msgspec.json.encode


async def create(
    content_type: bytes, caller: Caller, desk: Desk, id: AnswerId, receive: Receive, send: Send
) -> None:  # fmt: skip
    """POST /v1/videos: answered as soon as its provider has taken it. Raises SolventError only before that."""
    customer = demand_customer(caller)
    if content_type.startswith(b"application/json"):
        wish, members = read_members(await read_body(receive), _decoder)
        form = Form(dict.fromkeys(members, ""), [])
    else:
        form = await read_form(content_type, receive, _MEMBERS, {_REFERENCE})
        wish = form.as_(_Wish)
    for name in form.fields:
        if name not in _MEMBERS:
            raise unpriced(name[:40])
    question = read_wish(wish, form.files, id, desk)
    seconds = question.beside.video_seconds if question.beside else 0
    draft = Video(
        id=id.replace("ans_", "video_", 1), answer=id, customer=customer.id, key=caller.key, model=question.model,
        seconds=seconds, size=question.kind, created_us=question.received_us,
        expires_us=question.received_us + VIDEO_S_MAX * US_PER_S, holder=desk.holder,
        taken_until_us=question.received_us + 2 * int(VIDEO_BEGIN_S_MAX) * US_PER_S,
        next_look_us=question.received_us + pause_us(0),
    )  # fmt: skip
    order = VideoOrder(question, caller, desk)
    video = await begin_video(draft, order, hands_of(desk))
    await respond(send, 200, _encode(video_body(video, desk.currency)), opening_headers(order.opened))


def read_wish(wish: _Wish, files: list[File], id: AnswerId, desk: Desk) -> Question:
    """The question. Raises Invalid naming the member at fault."""
    if not wish.prompt.strip():
        raise Invalid("bad_request", "prompt: describe the video", param="prompt")
    if len(wish.prompt) > VIDEO_PROMPT_CHARACTERS_MAX:
        most = f"VIDEO_PROMPT_CHARACTERS_MAX, {VIDEO_PROMPT_CHARACTERS_MAX:,}"
        raise Invalid("bad_request", f"prompt: it has more characters than {most}", param="prompt")
    seconds, size = _seconds_asked(wish, desk), _size_asked(wish.size)
    for file in files:
        _look_at_picture(file)
    if len(files) > 1:
        raise Invalid("bad_request", f"{_REFERENCE}: a video begins with one picture", param=_REFERENCE)
    said = {"prompt": wish.prompt, "seconds": str(seconds), "size": size}
    return Question(
        id=id, received_us=desk.now_us(), model=wish.model, stream=False, input_tokens_most=0, output_tokens_asked=1,
        members={name: msgspec.Raw(_encode(text)) for name, text in said.items()}, task="videos", kind=size,
        beside=Usage(video_seconds=seconds), files=tuple(files),
    )  # fmt: skip


def _seconds_asked(wish: _Wish, desk: Desk) -> int:
    """What the model may be asked for; for one that is not sold here any will do, since that is refused later."""
    route = desk.routes.get(wish.model)
    allowed = route.video_seconds if route is not None else (1,)
    if wish.seconds is None or route is None:
        return allowed[0]
    text = str(wish.seconds)
    if text not in map(str, allowed):
        known = ", ".join(map(str, allowed))
        raise Invalid("bad_request", f"seconds: {text[:20]!r} is not one of {known}", param="seconds")
    return int(text)


def _size_asked(size: str | None) -> str:
    found = _SIZED.fullmatch(size or _SIZE)
    if found is None or max(map(int, found.groups())) > PICTURE_SIDE_PIXELS_MAX:
        message = f"size: {str(size)[:20]!r} is no width x height in pixels, such as {_SIZE}"
        raise Invalid("bad_request", message, param="size")
    return found.group()


def _look_at_picture(file: File) -> None:
    if len(file.data) > VIDEO_REFERENCE_BYTES_MAX:
        message = f"{_REFERENCE}: it is larger than VIDEO_REFERENCE_BYTES_MAX, {VIDEO_REFERENCE_BYTES_MAX:,} bytes"
        raise Invalid("bad_picture", message, param=_REFERENCE)
    picture = picture_of(file.data)
    if picture is None or picture.kind not in _PICTURES:
        raise Invalid("bad_picture", f"{_REFERENCE}: send a PNG, JPEG or WebP", param=_REFERENCE)


async def listed(app: App, caller: Caller, scope: Scope, _receive: Receive) -> Body:
    """GET /v1/videos: those of the customer, newest first."""
    query, customer = read_query(scope, _Page), demand_wallet(caller).id
    found = await app.database.read(
        lambda connection: store.page(
            connection, customer, query.after, query.limit + 1, oldest_first=query.order == "asc"
        )
    )
    return page_body([video_body(video, app.config.currency) for video in found], query.limit)


async def one(app: App, caller: Caller, scope: Scope, _receive: Receive) -> Body | Download:
    """GET /v1/videos/{id}: how far it is; and the video itself: GET /v1/videos/{id}/content."""
    id = scope["path"].removeprefix(PATH)
    video = await _found(app, caller, id.removesuffix(_CONTENT))
    if id.endswith(_CONTENT):
        return await _content(app, video, scope)
    return video_body(video, app.config.currency)


async def _content(app: App, video: Video, scope: Scope) -> Download:
    variant = read_query(scope, _Variant).variant
    if video.state != "completed":
        raise Conflict("video_unfinished", f"{video.id} is {_status(video)}; there is nothing to fetch")
    found = await open_video(video, variant, app.desk)
    return Download(found.media_type, f"{video.id}.{_ENDINGS[variant]}", found.parts)


async def _found(app: App, caller: Caller, id: str) -> Video:
    """A video of the caller's, looked at now if that is due. Raises NotFound, for whoever else has it too."""
    customer = demand_wallet(caller).id
    video = await app.database.read(lambda connection: store.video(connection, id)) if id.isprintable() else None
    if video is None or video.customer != customer:
        raise no_such_video(id)
    if not is_due(video, app.desk.now_us(), is_asked=True):
        return video
    await look_at_video(id, hands_of(app.desk), app.presence.is_alive, is_asked=True)
    return await app.database.read(lambda connection: store.video(connection, id)) or video


async def deleted(app: App, caller: Caller, scope: Scope, _receive: Receive) -> Body:
    """DELETE /v1/videos/{id}: here and at its provider, once it has ended."""
    id = scope["path"].removeprefix(PATH)
    await forget_video(id, demand_wallet(caller).id, hands_of(app.desk))
    return {"id": id, "object": "video.deleted", "deleted": True}


async def refused(_app: App, _caller: Caller, scope: Scope, _receive: Receive) -> Body:
    """POST below /v1/videos/: remixes, edits, extensions and characters, which have no price here."""
    what = scope["path"].rpartition("/")[2][:40]
    raise Invalid("not_served", f"{what}: it is not served here; order a video with POST /v1/videos")


def _status(video: Video) -> str:
    return "queued" if video.state == "ordering" else video.state


def video_body(video: Video, currency: str) -> Body:
    """A video as clients read it, and what it was charged."""
    is_charged = video.state not in UNFINISHED
    return {
        "id": video.id,
        "object": "video",
        "model": video.model,
        "status": _status(video),
        "progress": video.percent,
        "created_at": video.created_us // US_PER_S,
        "completed_at": video.ended_us // US_PER_S if video.state == "completed" else None,
        "expires_at": video.gone_us // US_PER_S or None,
        "seconds": str(video.seconds),
        "size": video.size,
        "prompt": None,
        "remixed_from_video_id": None,
        "error": {"code": video.fault, "message": video.fault_words} if video.fault else None,
        "solvent": {
            "answer": video.answer,
            "charge": plain(Money(video.charge_grains, currency)) if is_charged else None,
            "currency": currency,
        },
    }
