"""What can go wrong with a sensor? Each fault changes the record of one sensor in a window, as the plant itself never would."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from .plants import Floats

UNCERTAIN_CALIBRATION: Final = 0x40930000
BAD_SENSOR_FAILURE: Final = 0x808C0000
UNITS: Final = ((0.001, 0.0), (1.8, 32.0), (6.895, 0.0), (0.145, 0.0))
"""Scale and offset: a prefix, °C as °F, psi as kPa and back."""


@dataclass(slots=True)
class Record:
    """What a collector has of the plant: mutable while an episode is made. All (rows, tags)."""

    values: Floats
    status: Floats
    ages: Floats


@dataclass(frozen=True, slots=True)
class Hit:
    """Which sensor, over which rows, and its standard deviation in the reference. other: the sensor it may be swapped with."""

    sensor: int
    other: int
    first: int
    end: int
    sigma: float

    @property
    def rows(self) -> slice:
        """The rows at fault."""
        return slice(self.first, self.end)


SensorFault = Callable[[Record, Hit, np.random.Generator], None]


def stuck(record: Record, hit: Hit, rng: np.random.Generator) -> None:
    """The last value for ever."""
    del rng
    record.values[hit.rows, hit.sensor] = record.values[hit.first - 1, hit.sensor]


def biased(sigmas: float) -> SensorFault:
    """Off by a constant, in either direction."""

    def bias(record: Record, hit: Hit, rng: np.random.Generator) -> None:
        record.values[hit.rows, hit.sensor] += rng.choice((-1.0, 1.0)) * sigmas * hit.sigma

    return bias


def drifting(record: Record, hit: Hit, rng: np.random.Generator) -> None:
    """Off by more and more, up to 4 σ."""
    ramp = np.linspace(0.0, 4.0, hit.end - hit.first)
    record.values[hit.rows, hit.sensor] += rng.choice((-1.0, 1.0)) * ramp * hit.sigma


def noisy(record: Record, hit: Hit, rng: np.random.Generator) -> None:
    """Noise of 3 σ on top."""
    record.values[hit.rows, hit.sensor] += 3.0 * hit.sigma * rng.standard_normal(hit.end - hit.first)


def dropped(record: Record, hit: Hit, rng: np.random.Generator) -> None:
    """No value."""
    del rng
    record.values[hit.rows, hit.sensor] = np.nan


def bad_status(record: Record, hit: Hit, rng: np.random.Generator) -> None:
    """The source says that the sensor has failed; the value is the last one."""
    stuck(record, hit, rng)
    record.status[hit.rows, hit.sensor] = BAD_SENSOR_FAILURE


def uncertain(record: Record, hit: Hit, rng: np.random.Generator) -> None:
    """The source doubts the calibration, rightly: 1 σ off."""
    biased(1.0)(record, hit, rng)
    record.status[hit.rows, hit.sensor] = UNCERTAIN_CALIBRATION


def wrong_unit(record: Record, hit: Hit, rng: np.random.Generator) -> None:
    """Right, in another unit."""
    scale, offset = UNITS[int(rng.integers(len(UNITS)))]
    record.values[hit.rows, hit.sensor] = scale * record.values[hit.rows, hit.sensor] + offset


def swapped(record: Record, hit: Hit, rng: np.random.Generator) -> None:
    """Two sensors' wires crossed."""
    del rng
    pair = [hit.sensor, hit.other]
    for table in (record.values, record.status, record.ages):
        table[hit.rows, pair] = table[hit.rows, pair[::-1]]


SENSOR_FAULTS: Final[dict[str, SensorFault]] = {
    "stuck": stuck,
    "bias-0.5": biased(0.5),
    "bias-1": biased(1.0),
    "bias-2": biased(2.0),
    "bias-4": biased(4.0),
    "drift": drifting,
    "noise": noisy,
    "dropped": dropped,
    "bad-status": bad_status,
    "uncertain": uncertain,
    "unit": wrong_unit,
    "swapped": swapped,
}
