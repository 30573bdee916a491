"""What does a sensor show when it is stuck, biased, silent or broken?"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

BAD_SENSOR_FAILURE: Final = 0x808C0000


class Ill(StrEnum):
    """What can be wrong with a sensor."""

    STUCK = "Stuck"
    BIASED = "Biased"
    DROPPED = "Dropped"
    BAD = "Bad"


class TagUnknownError(ValueError):
    """The message names the tag and those there are."""


@dataclass(frozen=True, slots=True)
class Illness:
    """amount: for Biased, in the tag's unit; for Stuck, the value it is stuck at, None until it shows one."""

    ill: Ill
    amount: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What the sensor shows; value is None unless status is Good (0)."""

    value: float | None
    status: int = 0


class Sensors:
    """The illness of each tag, none to begin with."""

    def __init__(self, tags: Sequence[str]) -> None:
        self._tags = tags
        self._shown: dict[str, float] = {}
        self.ill: dict[str, Illness] = {}

    def make(self, tag: str, illness: Illness) -> None:
        """Let a sensor fall ill, in capitals or not. A stuck one keeps the value it last showed. Raises TagUnknownError."""
        tag = tag.upper()
        if tag not in self._tags:
            raise TagUnknownError(f"{tag!r} is not a tag of the plant; there are {self._tags[0]} to {self._tags[-1]}")
        stuck = illness.ill is Ill.STUCK and illness.amount is None
        self.ill[tag] = Illness(Ill.STUCK, self._shown.get(tag)) if stuck else illness

    def heal(self) -> None:
        """All sensors are well."""
        self.ill.clear()

    def read(self, tag: str, truth: float) -> Reading | None:
        """What the sensor shows of the true value; None when it shows nothing at all."""
        reading = self._read(tag, truth)
        if reading is not None and reading.value is not None:
            self._shown[tag] = reading.value
        return reading

    def _read(self, tag: str, truth: float) -> Reading | None:
        match self.ill.get(tag):
            case Illness(Ill.DROPPED):
                return None
            case Illness(Ill.BAD):
                return Reading(None, BAD_SENSOR_FAILURE)
            case Illness(Ill.BIASED, float(amount)):
                return Reading(truth + amount)
            case Illness(Ill.STUCK, amount):
                held = truth if amount is None else amount
                self.ill[tag] = Illness(Ill.STUCK, held)
                return Reading(held)
        return Reading(truth)
