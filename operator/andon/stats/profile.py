"""What did a revision look like when it was made? The frozen reference that serving holds its rows against.

Written by training as ``profile.json`` beside ``model.onnx``, identified by the sha256 of its bytes, never changed.
"""

import hashlib
from typing import Annotated, Final, Literal, Self

from pydantic import Field, FiniteFloat, NonNegativeInt, PositiveInt, ValidationError, model_validator

from andon.api.errors import invalid
from andon.api.pipeline import Feature
from andon.api.types import ApiModel, Duration, FeatureName, KeyedBy

MAX_BYTES: Final = 1 << 20
"""Far above 1,024 features; what is larger is not a profile."""

Spread = Annotated[FiniteFloat, Field(ge=0)]


class ProfileError(ValueError):
    """These bytes are not a profile; the message names the field."""


class Support(ApiModel):
    """The closed interval in which the reference has values."""

    min: FiniteFloat
    max: FiniteFloat

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self


class Distribution(ApiModel):
    """Mean and standard deviation over the reference, in the unit of the value."""

    mean: FiniteFloat
    std: Spread


class FeatureReference(Feature):
    """One input of the model as the reference has it. max_run: rows of the longest run of equal consecutive values."""

    support: Support
    mean: FiniteFloat
    std: Spread
    max_run: NonNegativeInt


class Profile(ApiModel):
    """The reference of one revision: every labelled, sound row that its training read, held-out rows included.

    features: in the model's column order. every: the clock of the rows. rows: reference rows. rmse: of the ONNX file on the
    held-out rows, in the target's unit. prediction: of the ONNX file on the reference rows.
    """

    format: Literal[1] = 1
    features: Annotated[list[FeatureReference], KeyedBy("name"), Field(min_length=1, max_length=1024)]
    target: FeatureName
    every: Duration
    rows: PositiveInt
    rmse: Spread
    prediction: Distribution

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """The profile in these bytes. Raises ProfileError, naming the field and what is wrong with it."""
        if len(content) > MAX_BYTES:
            raise ProfileError(f"profile.json has {len(content)} bytes (limit {MAX_BYTES}); train the version again")
        try:
            return cls.model_validate_json(content, strict=True)
        except ValidationError as error:
            raise ProfileError(str(invalid("profile.json", error))) from None

    def dump(self) -> bytes:
        """The bytes to store: equal profiles give equal bytes."""
        return self.model_dump_json().encode()

    def support(self, name: str) -> tuple[float, float]:
        """Smallest and largest value of a feature in the reference. Raises KeyError for a name the model does not have."""
        found = next((f.support for f in self.features if f.name == name), None)
        if found is None:
            raise KeyError(f"the profile has no feature {name!r}")
        return found.min, found.max

    def max_run(self, tag: str) -> int:
        """Rows of a tag's longest run of equal values in the reference. Raises KeyError for a tag the model does not read."""
        runs = [f.max_run for f in self.features if f.tag == tag]
        if not runs:
            raise KeyError(f"the profile has no tag {tag!r}")
        return max(runs)


def digest(content: bytes) -> str:
    """``sha256:…`` of these bytes: how a model file or a profile is named."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
