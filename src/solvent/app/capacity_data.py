"""Finds what is to be sized: a model by name, config.json or GGUF file, and hardware by name. Reads reviewed data."""

from __future__ import annotations

import csv
import difflib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import msgspec
import yaml
from msgspec import Meta

from solvent.app.this_machine import measure_cpu
from solvent.capacity.gguf_header import gguf_members, gguf_shape
from solvent.capacity.hardware import Fleet, Hardware, count_and_name, precision_named
from solvent.capacity.measured import MeasuredRow
from solvent.capacity.model_shape import Shape, shape_of
from solvent.values.errors import Invalid
from solvent.values.limits import GGUF_HEADER_BYTES_MAX, MEASURED_FILE_BYTES_MAX, MODEL_CONFIG_BYTES_MAX

CPU: Final = "cpu"
_NEAR: Final = 4


class NamedModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of data/capacity/models.yaml: billions of parameters as published, the precision of its weights."""

    name: str
    billions: Annotated[float, Meta(gt=0)]
    config: dict[str, object]
    also: tuple[str, ...] = ()
    precision: str = "bf16"


class _Models(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    checked: str
    models: tuple[NamedModel, ...]


class _Devices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hardware: tuple[Hardware, ...]


class _Rows(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rows: tuple[MeasuredRow, ...]


class FoundModel(msgspec.Struct, frozen=True):
    """A model to size. names: all it is known under. precision: of its weights as published, if nothing else is said.

    found_in: where its shape is from.
    """

    shape: Shape
    names: tuple[str, ...]
    precision: str
    found_in: str


@cache
def named_models() -> tuple[NamedModel, ...]:
    """The models that are known by name."""
    return msgspec.convert(_reviewed("models.yaml"), _Models).models


@cache
def named_hardware() -> tuple[Hardware, ...]:
    """The devices that are known by name."""
    return msgspec.convert(_reviewed("hardware.yaml"), _Devices).hardware


@cache
def shipped_rows() -> tuple[MeasuredRow, ...]:
    """Measured points that come with the package."""
    return msgspec.convert(_reviewed("measured.yaml"), _Rows).rows


def find_model(text: str) -> FoundModel:
    """A model by a file of its shape, or by name; a name may lack its owner.

    Raises Invalid for a file that cannot be read, and naming those that are near.
    """
    path = Path(text)
    if path.is_dir():
        path = path / "config.json"
    if path.suffix in (".json", ".gguf") or path.is_file():
        return _from_gguf(path) if path.suffix == ".gguf" else _from_config(path)
    asked = text.lower()
    for model in named_models():
        names = (model.name, *model.also)
        if asked in {name.lower() for name in names} | {name.lower().partition("/")[2] for name in names}:
            shape = shape_of(model.name, model.config)
            return FoundModel(shape, names, model.precision, "data/capacity/models.yaml")
    known = [name.partition("/")[2] or name for model in named_models() for name in (model.name, *model.also)]
    raise Invalid(
        "unknown_model_shape",
        f"no model {text[:80]!r} is known by name; {_near(text, known)} or give its config.json or GGUF file",
        param="model",
    )


def find_fleet(text: str) -> Fleet:
    """Hardware such as 4xH100, or `cpu` for this machine. Raises and Invalid naming devices that are near."""
    count, name = count_and_name(text)
    if name.lower() == CPU:
        return Fleet(measure_cpu(), count)
    for device in named_hardware():
        if name.lower() in {other.lower() for other in (device.name, *device.also)}:
            return Fleet(device, count)
    known = [CPU, *(device.name for device in named_hardware())]
    raise Invalid(
        "unknown_hardware", f"no hardware {name[:40]!r} is known; {_near(name, known)} as in 4xH100", param="on"
    )


def measured_rows(file: Path) -> tuple[MeasuredRow, ...]:
    """The operator's own measured points, from a CSV with the columns of MeasuredRow. Raises Invalid naming the row."""
    lines = csv.DictReader(_read(file, MEASURED_FILE_BYTES_MAX).decode("utf-8-sig", "replace").splitlines())
    rows: list[MeasuredRow] = []
    for number, line in enumerate(lines, start=2):
        try:
            told = {name: value for name, value in line.items() if name and value}
            row = msgspec.convert(told, MeasuredRow, strict=False)
            rows.append(msgspec.structs.replace(row, precision=precision_named(row.precision)))
        except (msgspec.ValidationError, Invalid) as wrong:
            raise Invalid("measured_rows_invalid", f"{file}, line {number}: {wrong}", param="measured") from None
    if not rows:
        message = f"{file} has no row; its first line names columns, of {', '.join(MeasuredRow.__struct_fields__)}"
        raise Invalid("measured_rows_invalid", message, param="measured")
    return tuple(rows)


def _from_config(path: Path) -> FoundModel:
    try:
        config = json.loads(_read(path, MODEL_CONFIG_BYTES_MAX))
    except ValueError as wrong:  # no JSON, or no text
        raise Invalid("model_config_invalid", f"{path} is no JSON: {wrong}; give a model's config.json") from None
    except RecursionError:
        raise Invalid("model_config_invalid", f"{path} is nested too deep for a config.json") from None
    if not isinstance(config, Mapping):
        raise Invalid("model_config_invalid", f"{path} holds no object; give a model's config.json")
    name = str(config.get("_name_or_path") or path.resolve().parent.name)
    kept = config.get("torch_dtype") or config.get("dtype")
    narrow = (config.get("quantization_config") or {}).get("quant_method") if _is_object(config) else None
    precision = narrow if narrow in ("fp8", "mxfp4") else "f32" if kept == "float32" else "bf16"
    return FoundModel(shape_of(name, config), (name,), precision, str(path))


def _is_object(config: Mapping[str, object]) -> bool:
    return isinstance(config.get("quantization_config") or {}, Mapping)


def _from_gguf(path: Path) -> FoundModel:
    members = gguf_members(_read(path, GGUF_HEADER_BYTES_MAX, whole=False))
    name = str(members.get("general.name") or path.stem)
    shape, precision = gguf_shape(name, members)
    return FoundModel(shape, (name, path.stem), precision, str(path))


def _read(path: Path, most: int, *, whole: bool = True) -> bytes:
    """A file's bytes, at most so many; refused where it is longer and needed whole."""
    try:
        with path.open("rb") as file:
            read = file.read(most + 1)
    except OSError as wrong:
        raise Invalid("cannot_read_file", f"{path} cannot be read: {wrong.strerror}") from None
    if whole and len(read) > most:
        raise Invalid("named_file_too_large", f"{path} has more than {most:,} bytes; it is not what it should be")
    return read[:most]


def _reviewed(name: str) -> object:
    found: object = yaml.safe_load((files("solvent") / "data" / "capacity" / name).read_text("utf-8"))
    return found


def _near(text: str, known: Iterable[str]) -> str:
    names = {name.lower(): name for name in known}
    found = difflib.get_close_matches(text.lower().rpartition("/")[2], names, n=_NEAR, cutoff=0.4)
    shown = [names[name] for name in found] or sorted(names.values())
    return f"{'near are' if found else 'known are'}: {', '.join(shown)};"
