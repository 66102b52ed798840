"""The open models we know: a short reviewed list, and the entry that each becomes in solvent.toml.

An entry is appended as text and the file read back before it is replaced, so that an operator's comments,
order and spacing stay as they are, and a file that would not be understood is never written.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import yaml
from msgspec import Meta

from solvent.app.cards import read_cards
from solvent.app.config import Config, read_config
from solvent.values.errors import Invalid

CATALOGUE_MODELS_MAX = 200  # a list that people review stays short
_NAME = r"^[a-z0-9][a-z0-9.-]{0,63}$"  # becomes a file's name
_REPOSITORY = r"^[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}$"
_FILE = r"^[A-Za-z0-9][\w.-]{0,199}\.gguf$"


Authority = Literal["the list", "the hub", "the earlier download"]


class OpenModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the list. sha256 is empty and `verified` false where nobody has published the checksum.

    context_tokens, output_tokens_max, seats: what its entry begins with; memory_gib: of a machine that runs it so.
    cost_card, price_card: names of rate cards without the currency at their end.
    """

    name: Annotated[str, Meta(pattern=_NAME)]
    title: str
    repository: Annotated[str, Meta(pattern=_REPOSITORY)]
    revision: Annotated[str, Meta(pattern=r"^[\w.-]{1,64}$")]
    file: Annotated[str, Meta(pattern=_FILE)]
    licence: str
    licence_url: Annotated[str, Meta(pattern=r"^https://\S+$")]
    commercial_use: bool
    languages: tuple[str, ...]
    context_tokens: Annotated[int, Meta(ge=64)]
    context_tokens_max: Annotated[int, Meta(ge=64)]
    output_tokens_max: Annotated[int, Meta(ge=1)]
    seats: Annotated[int, Meta(ge=1, le=16)]
    memory_gib: Annotated[int, Meta(ge=1)]
    cost_card: str
    price_card: str
    verified: bool
    source: str
    checked: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    size_bytes: Annotated[int, Meta(ge=0)] = 0
    sha256: Annotated[str, Meta(pattern=r"^(?:[0-9a-f]{64})?$")] = ""
    licence_note: str = ""


class Sums(msgspec.Struct, frozen=True):
    """What a file must be, and who says so."""

    size_bytes: int
    sha256: str
    said_by: Authority


def read_catalogue(file: Path | None = None) -> dict[str, OpenModel]:
    """The open models by name, in the order of the list; `file` instead of the shipped list.

    Raises Invalid naming file, model and field.
    """
    file = file or Path(str(files("solvent"))) / "data" / "models.yaml"
    try:
        document = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  # all texts
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as wrong:
        raise Invalid("bad_catalogue", f"{file} cannot be read as YAML: {' '.join(str(wrong).split())}") from None
    if not isinstance(document, list) or not 0 < len(document) <= CATALOGUE_MODELS_MAX:
        raise Invalid("bad_catalogue", f"{file}: the catalogue is a list of 1 to {CATALOGUE_MODELS_MAX} models")
    models: dict[str, OpenModel] = {}
    for n, entry in enumerate(document):
        model = _model(entry, f"{file}: models[{n}]")
        if model.name in models:
            raise Invalid("bad_catalogue", f"{file}: models[{n}]: name: {model.name!r} is there twice", param="name")
        models[model.name] = model
    return models


def find_model(models: Mapping[str, OpenModel], name: str) -> OpenModel:
    """The model of this name. Raises Invalid with the names there are."""
    if name not in models:
        message = f"there is no open model {name!r} in the list; there are: {', '.join(models)}"
        raise Invalid("no_such_open_model", message, param="name")
    return models[name]


def add_entry(
    model: OpenModel, weights: Path, config_file: Path, environment: Mapping[str, str], remark: str | None
) -> bool:
    """Append the model's entry to the configuration, made if it is missing; False if it has one of that name.

    weights: the GGUF file, an absolute path. remark: what the comment above the entry says; None tries everything
    and writes nothing.
    Raises Invalid if the configuration cannot be read, or would not be understood with the entry in it.
    """
    exists = config_file.exists()
    config = read_config(config_file if exists else None, environment)
    if any(entry.name == model.name for entry in config.models):
        return False
    near = config_file.parent.resolve()
    old = config_file.read_bytes() if exists else b""
    seam = b"" if not old else b"\n" if old.endswith(b"\n") else b"\n\n"
    new = old + seam + _entry(model, weights, near, config, remark or "").encode()
    _try_out(new, config_file, environment)
    if remark is not None:
        _replace(config_file, new)
    return True


def provenance(model: OpenModel, sums: Sums) -> str:
    """The remark above an entry: what was downloaded, who vouches for it, and its licence."""
    use = "" if model.commercial_use else "; no commercial use"
    return (
        f"{model.title}: {model.repository}, {model.file}, revision {model.revision}\n"
        f"{sums.size_bytes} bytes, sha256 {sums.sha256}, checked against {sums.said_by}\n"
        f"licence: {model.licence}, {model.licence_url}{use}"
    )


def _model(entry: object, where: str) -> OpenModel:
    try:
        model = msgspec.convert(entry, OpenModel, strict=False)
    except msgspec.ValidationError as wrong:
        raise Invalid("bad_catalogue", f"{where}: {wrong}") from None
    where = f"{where} ({model.name})"
    if model.verified != (model.sha256 != "" and model.size_bytes > 0):
        message = f"{where}: verified: is true exactly where sha256 and size_bytes are given"
        raise Invalid("bad_catalogue", message, param="verified")
    if not model.output_tokens_max < model.context_tokens <= model.context_tokens_max:
        message = f"{where}: context_tokens: is above output_tokens_max and at most context_tokens_max"
        raise Invalid("bad_catalogue", message, param="context_tokens")
    return model


def _entry(model: OpenModel, weights: Path, near: Path, config: Config, remark: str) -> str:
    """The entry as TOML. Its path is relative where it can be, so that the folder can be moved."""
    path = weights.relative_to(near).as_posix() if weights.is_relative_to(near) else str(weights)
    lines = [f"# {line}" for line in remark.splitlines()]
    lines += [
        "[[models]]",
        f"name = {_text(model.name)}",
        'provider = "llamacpp"',
        f"file = {_text(path)}",
        f"context_tokens = {model.context_tokens}",
        f"output_tokens_max = {model.output_tokens_max}",
        f"cost_card = {_text(_card(model.cost_card, config, near))}",
        f"price_card = {_text(_card(model.price_card, config, near))}",
        f"seats = {model.seats}",
    ]
    return "\n".join(lines) + "\n"


def _card(name: str, config: Config, near: Path) -> str:
    card = f"{name}.{config.currency}"
    if card not in read_cards(near):
        message = f"there is no rate card {card!r}: write one in {near / 'rate_cards'}, then pull again"
        raise Invalid("no_rate_card", message, param="currency")
    return card


def _text(value: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's, apart from DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _try_out(new: bytes, config_file: Path, environment: Mapping[str, str]) -> None:
    """Read the new text from a folder of its own, so that nothing changes if it is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / "solvent.toml"
        trial.write_bytes(new)
        try:
            read_config(trial, environment)
        except Invalid as wrong:
            message = wrong.message.replace(str(trial), str(config_file))
            raise Invalid("bad_config", f"with [[models]] appended, {message}; add the model by hand") from None


def _replace(file: Path, new: bytes) -> None:
    """Whole or not at all, also when the machine stops; a link stays a link, and permissions stay."""
    file = Path(os.path.realpath(file))
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        with fresh.open("wb") as out:
            out.write(new)
            out.flush()
            os.fsync(out.fileno())
        if file.exists():
            shutil.copymode(file, fresh)
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
