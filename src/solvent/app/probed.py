"""What a probe found, as a file: one measured point that corrects the formula for this model on this hardware."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from solvent.capacity.step import Load
from solvent.values.errors import Invalid
from solvent.values.limits import MODEL_CONFIG_BYTES_MAX

_Some = Annotated[float, Meta(gt=0, le=1e9)]


class Probed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A point that was measured. batch: answers under way at once, on average over time; step_s: between two tokens.

    input_tokens, output_tokens: of an answer, on average. step_low_s, step_high_s: between them the mean step lies
    with 95 % confidence, by the scatter of ten parts of the time; 0 where these were too short to tell.
    """

    base_url: str
    model: str
    at: str
    seconds: _Some
    answers: Annotated[int, Meta(ge=1)]
    batch: _Some
    input_tokens: _Some
    output_tokens: _Some
    tokens_per_s: _Some
    first_token_s: Annotated[float, Meta(ge=0)]
    step_low_s: Annotated[float, Meta(ge=0, le=1e9)] = 0.0
    step_high_s: Annotated[float, Meta(ge=0, le=1e9)] = 0.0

    @property
    def step_s(self) -> float:
        """What a step took: by Little's law, answers under way over tokens a second."""
        return self.batch / self.tokens_per_s

    @property
    def load(self) -> Load:
        """What a step carried."""
        return Load(self.batch, self.input_tokens, self.output_tokens)

    @property
    def told(self) -> str:
        """In words."""
        return f"probe of {self.base_url}, {self.at[:10]}, batch {self.batch:.1f}"


def read_calibration(file: Path) -> Probed:
    """A file that `solvent size calibrate` wrote. Raises Invalid where it is none."""
    try:
        with file.open("rb") as opened:
            return msgspec.json.decode(opened.read(MODEL_CONFIG_BYTES_MAX), type=Probed)
    except OSError as wrong:
        raise Invalid("cannot_read_file", f"{file} cannot be read: {wrong.strerror}", param="calibration") from None
    except (msgspec.DecodeError, ValueError) as wrong:
        message = f"{file} is no calibration: {wrong}; make one with `solvent size calibrate --base-url ...`"
        raise Invalid("calibration_invalid", message, param="calibration") from None
