"""How the configuration writes models on sale and their upstreams."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from solvent.providers.port import OnAbort
from solvent.routing.policy import Policy
from solvent.values.limits import (
    ANSWER_S_MAX,
    DRAIN_BYTES_MAX,
    DRAIN_S_MAX,
    UPSTREAM_CONNECT_S_MAX,
    UPSTREAM_FIRST_BYTE_S_MAX,
    UPSTREAM_SILENCE_S_MAX,
    VIDEO_SECONDS,
    VIDEO_SECONDS_MAX,
)


class AlternativeEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One more upstream of a model, sold at the same price. What is left out is as the model says."""

    provider: Annotated[str, Meta(description="how it is reached, if another way than the model's first")] = ""
    cost_card: Annotated[str, Meta(description="the rate card of what we pay there")] = ""
    upstream: Annotated[str, Meta(description="what it calls the model")] = ""
    vendor: Annotated[str, Meta(description="whose bill it is on; the kind of provider when left out")] = ""
    base_url: Annotated[str, Meta(description="where it is")] = ""
    key: Annotated[str, Meta(description="our key there, by reference: env:NAME or file:PATH")] = ""
    file: Annotated[str, Meta(description="llamacpp: the GGUF file")] = ""
    weight: Annotated[int, Meta(description="balance weighted: how often it is asked", ge=1, le=1000)] = 1
    requests_per_minute: Annotated[int, Meta(description="that our key may ask there", ge=0)] = 0
    tokens_per_minute: Annotated[int, Meta(description="that our key may use there", ge=0)] = 0
    at_once: Annotated[int, Meta(description="answers that our key may have at once there", ge=0)] = 0
    on_abort: Annotated[OnAbort | None, Meta(description="when a client leaves: drain or cancel")] = None
    limit_field: Annotated[str, Meta(description="what it calls the limit on output tokens")] = ""
    api_version: Annotated[str, Meta(description="azure: of its dated API; else its v1 API")] = ""
    proxy: Annotated[str, Meta(description="the proxy on the way there")] = ""
    connect_s: Annotated[float, Meta(description="the longest until there is a connection to it", ge=0)] = 0.0
    first_byte_s: Annotated[float, Meta(description="the longest it may think before it begins to answer", ge=0)] = 0.0
    silence_s: Annotated[float, Meta(description="the longest pause in the middle of an answer", ge=0)] = 0.0
    total_s: Annotated[float, Meta(description="the longest one whole answer may take", ge=0, le=ANSWER_S_MAX)] = 0.0


class ModelEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model on sale."""

    name: Annotated[str, Meta(description="what customers call it", min_length=1, max_length=120)]
    provider: Annotated[
        str, Meta(description="how it is reached: openai, anthropic, openai_compatible, ... or llamacpp to run it here")
    ]
    cost_card: Annotated[str, Meta(description="the rate card of what we pay")]
    price_card: Annotated[str, Meta(description="the rate card of what they pay")]
    model_class: Annotated[
        str,
        Meta(description="what plans call models of its kind, such as quick or expert", min_length=1, max_length=60),
    ] = "standard"
    task: Annotated[
        Literal["chat", "embeddings", "images", "speech", "transcriptions", "moderations", "rerank", "videos"],
        Meta(
            description="what it does: chat (and completions), embeddings, images, speech, transcriptions, "
            "moderations, rerank, or videos"
        ),
    ] = "chat"
    image_tokens_max: Annotated[
        int,
        Meta(description="the most tokens that one picture comes to; 0 for a model that sees none", ge=0, le=1_000_000),
    ] = 0
    image_urls: Annotated[
        bool,
        Meta(description="its provider may be sent https addresses of pictures, which it fetches itself"),
    ] = False
    video_seconds: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=VIDEO_SECONDS_MAX)], ...],
        Meta(description="videos: how many seconds one may last", min_length=1),
    ] = VIDEO_SECONDS
    upstream: Annotated[str, Meta(description="what the provider calls it; the same name when left out")] = ""
    vendor: Annotated[str, Meta(description="whose bill it is on, in the books; `provider` when left out")] = ""
    base_url: Annotated[str, Meta(description="where the provider is; its own address when left out")] = ""
    key: Annotated[str, Meta(description="our key there, by reference: env:NAME or file:PATH")] = ""
    on_abort: Annotated[
        OnAbort, Meta(description="when a client leaves: drain to the usage report, or cancel if that ends the bill")
    ] = "drain"
    drain_s: Annotated[
        float, Meta(description="drain: the longest an answer nobody listens to is read on", ge=0, le=ANSWER_S_MAX)
    ] = DRAIN_S_MAX
    drain_bytes: Annotated[int, Meta(description="drain: the most of it that is read on", ge=0)] = DRAIN_BYTES_MAX
    limit_field: Annotated[
        str,
        Meta(description="what the provider calls the limit on output tokens; what it usually does when left out"),
    ] = ""
    api_version: Annotated[str, Meta(description="azure: of its dated API, such as 2024-10-21; else its v1 API")] = ""
    proxy: Annotated[
        str,
        Meta(
            description="the proxy on the way there: http://host:port, or by reference (env:NAME or file:PATH) where "
            "it wants a password, or none; as HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say when left out"
        ),
    ] = ""
    connect_s: Annotated[float, Meta(description="the longest until there is a connection to it", gt=0)] = (
        UPSTREAM_CONNECT_S_MAX
    )
    first_byte_s: Annotated[float, Meta(description="the longest it may think before it begins to answer", gt=0)] = (
        UPSTREAM_FIRST_BYTE_S_MAX
    )
    silence_s: Annotated[float, Meta(description="the longest pause in the middle of an answer", gt=0)] = (
        UPSTREAM_SILENCE_S_MAX
    )
    total_s: Annotated[float, Meta(description="the longest one whole answer may take", gt=0, le=ANSWER_S_MAX)] = (
        ANSWER_S_MAX
    )
    output_tokens_max: Annotated[
        int, Meta(description="the most it may write in one answer, or draw one picture in", ge=1, le=1_000_000)
    ] = 4096
    file: Annotated[str, Meta(description="llamacpp: the GGUF file")] = ""
    seats: Annotated[int, Meta(description="llamacpp: answers at once", ge=1, le=16)] = 4
    context_tokens: Annotated[int, Meta(description="llamacpp: tokens read and written in one answer", ge=64)] = 4096
    keys: Annotated[
        tuple[str, ...], Meta(description="more of our keys there, by reference: each is an upstream of its own")
    ] = ()
    weight: Annotated[int, Meta(description="balance weighted: how often it is asked", ge=1, le=1000)] = 1
    requests_per_minute: Annotated[
        int, Meta(description="that each key may ask there; then the next upstream is asked; 0 for no limit", ge=0)
    ] = 0
    tokens_per_minute: Annotated[
        int, Meta(description="read and written, that each key may use there; 0 for no limit", ge=0)
    ] = 0
    at_once: Annotated[int, Meta(description="answers that each key may have at once there; 0 for no limit", ge=0)] = 0
    balance: Annotated[
        Policy,
        Meta(
            description="with several upstreams, which is asked first: order, as written; weighted, by chance; "
            "fastest, who begins to answer soonest. The others are asked when it fails before its first byte"
        ),
    ] = "order"
    hedge_after_ms: Annotated[
        int,
        Meta(
            description="with several upstreams, after which time without a first byte a streamed question is asked of "
            "the next one too, for whoever begins first; 0 for never",
            ge=0,
        ),
    ] = 0
    hedge_at_p95: Annotated[
        bool, Meta(description="the same, after the time in which all but one in twenty of the model's answers begin")
    ] = False
    alternatives: Annotated[tuple[AlternativeEntry, ...], Meta(description="more upstreams, written as tables")] = ()
    gpu_layers: Annotated[int, Meta(description="llamacpp: layers run on a graphics card", ge=0)] = 0
