"""What did a revision look like when it was made? The frozen reference that serving holds its rows against.

Written by training as ``profile.json`` beside ``model.onnx``, or by ``andon profile``; identified by the sha256 of its bytes,
never changed. How it is made is in ``build``.
"""

import hashlib
from typing import Annotated, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, FiniteFloat, NonNegativeInt, PositiveInt, ValidationError, model_validator

from andon.api.errors import invalid
from andon.api.pipeline import Feature
from andon.api.types import ApiModel, Digest, Duration, FeatureName, KeyedBy
from andon.stats.bins import Bins

MAX_BYTES: Final = 16 << 20
"""Above 1,024 features in one regime; what is larger is not a profile."""

LEAST_EIGENVALUE: Final = 1e-3
"""Of a correlation matrix; shrunk by 5 % none is below 0.05."""

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
    """Mean, standard deviation and bins over the reference, in the unit of the value.

    wander: how far means of blocks lay from the mean of the rest of the reference, at most, in standard deviations.
    """

    mean: FiniteFloat
    std: Spread
    wander: Spread
    bins: Bins


class FeatureReference(Feature):
    """One input of the model as the reference has it, all regimes together. max_run: rows of the longest run of equal values."""

    support: Support
    mean: FiniteFloat
    std: Spread
    max_run: NonNegativeInt


class TagReference(ApiModel):
    """One tag in one regime. std: 0 for a tag that does not move there. offset: how far its block means may lie from what
    the other tags say of it, noise: how much its rows may scatter around that, both in std."""

    mean: FiniteFloat
    std: Spread
    offset: Spread
    noise: Spread
    bins: Bins


class ErrorReference(ApiModel):
    """The model's error on labelled reference rows, in the target's unit. held_out: the model was not fitted to them.

    tolerance: by how many times the RMSE of five blocks may exceed rmse before it counts as worse.
    """

    rmse: Spread
    rows: PositiveInt
    held_out: bool
    tolerance: Annotated[FiniteFloat, Field(ge=1)]


class RegimeReference(ApiModel):
    """One regime: how its tags lie and hang together.

    name: empty where the source declares no regimes. tags: in the order of `tags_of`. correlation: shrunk, the rows of the upper
    triangle without its diagonal, one after the other. deviation, scatter, jump: limits of T² without the foremost tag, of a
    block's mean, of the rows around it, of a single row. error: where there are enough labels of this one among several regimes.
    """

    name: Annotated[str, Field(max_length=63)]
    rows: PositiveInt
    blocks: PositiveInt
    tags: Annotated[list[TagReference], Field(min_length=1, max_length=1024)]
    correlation: list[FiniteFloat]
    deviation: Spread
    scatter: Spread
    jump: Spread
    prediction: Distribution
    error: ErrorReference | None = None

    @model_validator(mode="after")
    def _is_square(self) -> Self:
        pairs = len(self.tags) * (len(self.tags) - 1) // 2
        if len(self.correlation) != pairs:
            raise ValueError(f"{len(self.tags)} tags have {pairs} correlations, not {len(self.correlation)}")
        if np.linalg.eigvalsh(self.matrix()).min() < LEAST_EIGENVALUE:
            raise ValueError(f"the correlations of regime {self.name!r} contradict each other: no rows have them")
        return self

    def matrix(self) -> NDArray[np.float64]:
        """The correlations as a matrix, (tags, tags)."""
        whole, above = np.eye(len(self.tags)), np.triu_indices(len(self.tags), 1)
        whole[above] = self.correlation
        whole.T[above] = self.correlation
        return whole


class LabelReference(ApiModel):
    """The labels of the reference, all regimes together. max_run: the most equal ones in a row."""

    support: Support
    max_run: NonNegativeInt
    bins: Bins


class Profile(ApiModel):
    """The reference of one revision. features: in the model's column order. every: the clock of the rows. model: digest of the
    model that made the predictions. error: of all regimes together; neither it nor label where labels are few or all alike."""

    format: Literal[3] = 3
    model: Digest | None = None
    features: Annotated[list[FeatureReference], KeyedBy("name"), Field(min_length=1, max_length=1024)]
    target: FeatureName | None = None
    every: Duration
    rows: PositiveInt
    regimes: Annotated[list[RegimeReference], KeyedBy("name"), Field(min_length=1, max_length=64)]
    error: ErrorReference | None = None
    label: LabelReference | None = None

    @model_validator(mode="after")
    def _regimes_have_its_tags(self) -> Self:
        wanted = len(tags_of(self))
        odd = next((r for r in self.regimes if len(r.tags) != wanted), None)
        if odd is not None:
            raise ValueError(f"regime {odd.name!r} has {len(odd.tags)} tags, the features have {wanted}")
        return self

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """The profile in these bytes. Raises ProfileError, naming the field and what is wrong with it."""
        if len(content) > MAX_BYTES:
            raise ProfileError(f"profile.json has {len(content)} bytes (limit {MAX_BYTES}); train the version again")
        try:
            return cls.model_validate_json(content, strict=True)
        except ValidationError as error:
            raise ProfileError(
                f"{invalid('profile.json', error)}; train the version again, or make it with andon profile"
            ) from None

    def dump(self) -> bytes:
        """The bytes to store: equal profiles give equal bytes."""
        return self.model_dump_json().encode()

    @property
    def blocks(self) -> int:
        """How many blocks the limits were calibrated on."""
        return sum(regime.blocks for regime in self.regimes)

    def own_error(self, regime: str) -> ErrorReference | None:
        """What error is usual in this regime alone, where that is known."""
        return next((r.error for r in self.regimes if r.name == regime), None)

    def max_run(self, tag: str) -> int:
        """Rows of a tag's longest run of equal values in the reference. Raises KeyError for a tag the model does not read."""
        runs = [f.max_run for f in self.features if f.tag == tag]
        if not runs:
            raise KeyError(f"the profile has no tag {tag!r}")
        return max(runs)


def tags_of(profile: Profile) -> tuple[str, ...]:
    """The tags a model needs, each once, in the order of its features."""
    return tuple(dict.fromkeys(f.tag for f in profile.features))


def digest(content: bytes) -> str:
    """``sha256:…`` of these bytes: how a model file or a profile is named."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
