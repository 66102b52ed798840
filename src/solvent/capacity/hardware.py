"""Hardware as a step sees it: how fast it reads and computes, what it holds, draws, and costs by the hour."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from solvent.values.errors import Invalid

DEVICES_MAX: Final = 1_024
_Rate = Annotated[float, Meta(gt=0)]

# Bytes per parameter. Formats of blocks carry their scales: mxfp4 has 8 bits for 32 values of 4 (OCP MX 1.0, 5.2),
# the quantisations of llama.cpp are as counted over its models (its tools/quantize/README.md, 2025).
BYTES: Final = {
    "f32": 4.0, "bf16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5625, "mxfp4": 0.53125,
    "q8_0": 1.0625, "q6_k": 0.82, "q5_k_m": 0.71, "q4_k_m": 0.61, "q4_0": 0.5625,
}  # fmt: skip
_ALSO: Final = {"bfloat16": "bf16", "float16": "bf16", "fp16": "bf16", "f16": "bf16", "nvfp4": "fp4", "float32": "f32"}


class Hardware(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One device. bytes_per_s: of its memory. flops: dense, by precision, per second.

    link_bytes_per_s: to its neighbours, one way. watts: the most its board is built to draw.
    overhead: what launching costs, against the GPUs the formula was fitted on. usd_per_hour: "" where nobody rents it.
    """

    name: str
    bytes_per_s: _Rate
    flops: dict[str, _Rate]
    memory_bytes: _Rate
    watts: _Rate
    link_bytes_per_s: _Rate
    source: str
    checked: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    kind: Literal["gpu", "cpu"] = "gpu"
    also: tuple[str, ...] = ()
    usd_per_hour: Annotated[str, Meta(pattern=r"^(\d+(\.\d+)?)?$")] = ""
    price_source: str = ""
    overhead: Annotated[float, Meta(gt=0, le=10)] = 1.0

    def flops_at(self, precision: str) -> float:
        """Per second: a narrow weight is widened to the narrowest kind of number the device computes in."""
        if precision == "fp4" and "fp4" in self.flops:
            return self.flops["fp4"]
        if precision in ("fp8", "int8") and "fp8" in self.flops:
            return self.flops["fp8"]
        return self.flops["bf16"]


class Fleet(msgspec.Struct, frozen=True):
    """So many devices that answer together as one."""

    device: Hardware
    count: Annotated[int, Meta(ge=1, le=DEVICES_MAX)] = 1

    @property
    def name(self) -> str:
        """As people write it: 4xH100."""
        return f"{self.count}x{self.device.name}"

    @property
    def bytes_per_s(self) -> float:
        """Of all memories together."""
        return self.count * self.device.bytes_per_s

    @property
    def memory_bytes(self) -> float:
        """Of all devices together."""
        return self.count * self.device.memory_bytes


def precision_named(text: str) -> str:
    """A precision by any of its names. Raises Invalid naming those that are known."""
    asked = text.strip().lower()
    name = _ALSO.get(asked, asked)
    if name not in BYTES:
        raise Invalid("unknown_precision", f"precision {text[:40]!r} is not known; write one of: {' '.join(BYTES)}")
    return name


def count_and_name(text: str) -> tuple[int, str]:
    """ "4xH100" as 4 and "H100"; a name alone is one device. Raises Invalid for a count out of bounds."""
    found = re.fullmatch(r"\s*(?:(\d{1,9})\s*[x×*]\s*)?(\S.{0,79}?)\s*", text)
    if found is None:
        raise Invalid("unknown_hardware", f"{text[:40]!r} names no hardware; write it like 4xH100")
    count = int(found[1] or 1)
    if not 1 <= count <= DEVICES_MAX:
        raise Invalid("unknown_hardware", f"{text[:40]!r}: {count} devices; write 1 to {DEVICES_MAX}, like 4xH100")
    return count, found[2]
