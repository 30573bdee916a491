"""What may a successor be like? Every way to differ, scaled so that its error on the episode's rows is what its class says.

A deviation is a function of the features added to the stable's answer. Its scale s solves RMSE(error + s · deviation) = ratio ·
RMSE(error), which has a solution for every ratio of 1 or more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from . import models
from .faults import UNITS
from .models import Predict
from .plants import Floats, Plant, Stretch

BETTER_RIDGE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Setting:
    """Who is to be succeeded, on which rows the successor will be judged. sound: how many of these come before a disturbance."""

    plant: Plant
    estimator: str
    stable: Predict
    judged: Stretch
    sound: int


Deviation = Callable[[Setting, np.random.Generator], Predict]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A successor, and how far its error is from the stable's on the rows it is judged on: 1.25 is 25 % worse."""

    predict: Predict
    mechanism: str
    ratio: float


def rmse(errors: Floats) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(errors))))


def ratio(candidate: Predict, stable: Predict, rows: Stretch) -> float:
    """The candidate's RMSE as a multiple of the stable's."""
    return rmse(candidate(rows.x) - rows.y) / rmse(stable(rows.x) - rows.y)


def _always_off(setting: Setting, rng: np.random.Generator) -> Predict:
    """A constant bias."""
    del setting
    sign = rng.choice((-1.0, 1.0))
    return lambda x: np.full(len(x), sign)


def _erratic(setting: Setting, rng: np.random.Generator) -> Predict:
    """As good as noise: a wave so short that neighbouring rows have nothing to do with each other."""
    weights = rng.normal(0.0, 40.0, len(setting.plant.tags)) / setting.plant.spread
    return lambda x: np.sqrt(2.0) * np.sin(x @ weights)


def _wrong_coefficients(setting: Setting, rng: np.random.Generator) -> Predict:
    """Three features count too much or too little."""
    weights = np.zeros(len(setting.plant.tags))
    weights[rng.choice(len(weights), 3, replace=False)] = rng.normal(0.0, 1.0, 3)
    mean, spread = setting.plant.reference.x.mean(axis=0), setting.plant.spread
    return lambda x: ((x - mean) / spread) @ weights


def _timid(setting: Setting, rng: np.random.Generator) -> Predict:
    """Drawn to the mean."""
    del rng
    mean = float(setting.plant.reference.y.mean())
    return lambda x: mean - setting.stable(x)


def _half_taught(setting: Setting, rng: np.random.Generator) -> Predict:
    """On the way to a model that has seen 40 rows."""
    starved = models.starved(setting.plant.name, int(rng.integers(models.POOL)))
    return lambda x: starved(x) - setting.stable(x)


MECHANISMS: Final[dict[str, Deviation]] = {
    "constant bias": _always_off,
    "noise": _erratic,
    "wrong coefficients": _wrong_coefficients,
    "shrunk": _timid,
    "few rows": _half_taught,
}


def _drawn(setting: Setting, rng: np.random.Generator) -> tuple[str, Predict]:
    """One way to differ, and the deviation."""
    mechanism = str(rng.choice(list(MECHANISMS)))
    return mechanism, MECHANISMS[mechanism](setting, rng)


def worse_by(wanted: float, setting: Setting, rng: np.random.Generator) -> Candidate:
    """A candidate with exactly this ratio, by a mechanism drawn at random."""
    mechanism, deviation = _drawn(setting, rng)
    errors = setting.stable(setting.judged.x) - setting.judged.y
    return Candidate(_off(setting.stable, deviation, _scale(errors, deviation(setting.judged.x), wanted)), mechanism, wanted)


def evenly_worse_by(wanted: float, setting: Setting, rng: np.random.Generator) -> Candidate:
    """The same, with this ratio where the plant is as usual as well as where it is far from that.

    The stable errs ten times as much in the middle of a disturbance. A candidate that is scaled over all rows at once differs
    there only, and until it comes nobody could know. So the scale is another in each quarter of the rows by their distance from
    the reference, which is a function of the features.
    """
    mechanism, deviation = _drawn(setting, rng)
    x = setting.judged.x
    errors, off, far = setting.stable(x) - setting.judged.y, deviation(x), _distance(setting.plant, x)
    limits = np.quantile(far, (0.25, 0.5, 0.75))
    band = np.searchsorted(limits, far)
    scales = np.array([_scale(errors[band == i], off[band == i], wanted) for i in range(len(limits) + 1)])

    def predict(x: Floats) -> Floats:
        scale = scales[np.searchsorted(limits, _distance(setting.plant, x))]
        return np.asarray(setting.stable(x) + scale * deviation(x))

    return Candidate(predict, f"{mechanism}, evenly", wanted)


def _distance(plant: Plant, x: Floats) -> Floats:
    """How many standard deviations a row's features lie from the reference's mean, root mean square; NaN is near."""
    z = np.nan_to_num((x - plant.reference.x.mean(axis=0)) / plant.spread)
    return np.asarray(np.sqrt(np.mean(z**2, axis=1)))


def _off(stable: Predict, deviation: Predict, scale: float) -> Predict:
    return lambda x: stable(x) + scale * deviation(x)


def _scale(errors: Floats, deviation: Floats, wanted: float) -> float:
    """The larger solution of mean((e + s d)²) = ratio² mean(e²)."""
    square, half = float(np.mean(deviation**2)), float(np.mean(errors * deviation))
    rest = (1 - wanted**2) * float(np.mean(errors**2))
    return (sqrt(half**2 - square * rest) - half) / square


def identical(setting: Setting, rng: np.random.Generator) -> Candidate:
    """The same model once more."""
    del rng
    return Candidate(setting.stable, "identical", 1.0)


def retrained(setting: Setting, rng: np.random.Generator) -> Candidate:
    """Fitted to other rows; where that is more than 2 % worse here, only as far on the way to it as makes 2 %."""
    model = models.retrained(setting.plant.name, setting.estimator, int(rng.integers(models.POOL)))
    natural = ratio(model, setting.stable, setting.judged)
    if natural <= 1.02:
        return Candidate(model, "retrained", natural)
    scale = _scale(setting.stable(setting.judged.x) - setting.judged.y, _towards(model, setting.stable)(setting.judged.x), 1.02)
    return Candidate(_off(setting.stable, _towards(model, setting.stable), scale), "part of the way to retrained", 1.02)


def _towards(model: Predict, stable: Predict) -> Predict:
    return lambda x: model(x) - stable(x)


def good(setting: Setting, rng: np.random.Generator) -> Candidate:
    """Not the same, and at most 2 % worse: before a disturbance as well as in it, where 2 % may be 40 % of the error before."""
    wanted = 1.0 + rng.uniform(0.002, 0.02)
    mechanism, deviation = _drawn(setting, rng)
    errors, off = setting.stable(setting.judged.x) - setting.judged.y, deviation(setting.judged.x)
    parts = [part for part in (slice(0, setting.sound), slice(setting.sound, None)) if len(errors[part])]
    candidate = _off(setting.stable, deviation, min(_scale(errors[part], off[part], wanted) for part in parts))
    return Candidate(candidate, mechanism, ratio(candidate, setting.stable, setting.judged))


def better(setting: Setting, rng: np.random.Generator) -> Candidate:
    """5 to 20 % better: it knows something of the stable's errors on these very rows."""
    errors = setting.judged.y - setting.stable(setting.judged.x)
    mean, spread = setting.judged.x.mean(axis=0), setting.plant.spread
    z = (setting.judged.x - mean) / spread
    weights = np.linalg.solve(z.T @ z + BETTER_RIDGE * np.eye(z.shape[1]), z.T @ (errors - errors.mean()))
    level = float(errors.mean())

    def knows(x: Floats) -> Floats:
        return np.asarray(((x - mean) / spread) @ weights + level)

    wanted = rng.uniform(0.8, 0.95)
    share: float = next(
        (
            s
            for s in np.linspace(0.05, 1.0, 20).tolist()
            if ratio(_off(setting.stable, knows, s), setting.stable, setting.judged) <= wanted
        ),
        1.0,
    )
    candidate = _off(setting.stable, knows, share)
    return Candidate(candidate, "better", ratio(candidate, setting.stable, setting.judged))


def scrambled(setting: Setting, rng: np.random.Generator) -> Candidate:
    """Its columns are in another order than the features are sent in; an order that shows, if one of 20 does."""
    worst = identical(setting, rng)
    for _ in range(20):
        predict = partial(_reordered, setting.stable, rng.permutation(len(setting.plant.tags)))
        found = ratio(predict, setting.stable, setting.judged)
        if found > worst.ratio:
            worst = Candidate(predict, "scrambled", found)
        if found >= 1.5:
            break
    return worst


def _reordered(stable: Predict, order: NDArray[np.int64], x: Floats) -> Floats:
    return stable(x[:, order])


def unit_mistake(setting: Setting, rng: np.random.Generator) -> Candidate:
    """It takes features for another unit: one, or more until the error is a quarter larger; else the worst of 60 tries."""
    tags, worst = setting.plant.tags, identical(setting, rng)
    for draw in range(60):
        sensors = rng.choice(len(tags), 1 + draw // 10, replace=False)
        predict = partial(_misread, setting.stable, sensors, *UNITS[int(rng.integers(len(UNITS)))])
        found = ratio(predict, setting.stable, setting.judged)
        if found > worst.ratio:
            worst = Candidate(predict, f"unit of {', '.join(tags[i] for i in sensors)}", found)
        if found >= 1.25:
            break
    return worst


def _misread(stable: Predict, sensors: NDArray[np.int64], scale: float, offset: float, x: Floats) -> Floats:
    taken = x.copy()
    taken[:, sensors] = scale * taken[:, sensors] + offset
    return stable(taken)


Make = Callable[[Setting, np.random.Generator], Candidate]

EVENLY: Final[dict[str, Make]] = {
    "10-worse": partial(evenly_worse_by, 1.10),
    "25-worse": partial(evenly_worse_by, 1.25),
    "50-worse": partial(evenly_worse_by, 1.50),
}
"""What takes the place of these where the plant is disturbed."""

CANDIDATES: Final[dict[str, Make]] = {
    "identical": identical,
    "retrained": retrained,
    "good": good,
    "better": better,
    "10-worse": partial(worse_by, 1.10),
    "25-worse": partial(worse_by, 1.25),
    "50-worse": partial(worse_by, 1.50),
    "scrambled": scrambled,
    "unit-mistake": unit_mistake,
}
