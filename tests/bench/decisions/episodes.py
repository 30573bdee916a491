"""One episode: recorded rows, a stable, perhaps a candidate and a fault, and what is true of them.

An episode follows from its class and its seed alone. Normal rows are contiguous blocks of the held-out ones, drawn with
replacement and put end to end, so that sensors keep their autocorrelation. Truth about the candidate is measured on what the
plant really did: a broken sensor makes no model worse.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from andon.stats.blocks import Rows

from . import models, plants
from .candidates import CANDIDATES, EVENLY, Candidate, Make, Setting, ratio
from .faults import SENSOR_FAULTS, Hit, Record
from .models import Predict
from .plants import Floats, Plant, Stretch, joined

LENGTH: Final = 1760
CANDIDATE_FROM: Final = 100
BLOCK: Final = (60, 160)
"""Rows of one resampled block, at least and less than."""
SETTLING: Final = 10
"""Rows of a changeover."""
START: Final = 1_767_225_600.0
"""2026-01-01."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is the matter. tags: the ones at fault. It begins with from_row and is over at until_row.

    rmse_ratio: the candidate's RMSE as a multiple of the stable's, on the rows from candidate_from on.
    """

    kind: str
    tags: tuple[str, ...] = ()
    from_row: int | None = None
    until_row: int | None = None
    rmse_ratio: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    """Rows as a collector would have them, and labels as a laboratory would.

    labels: (rows,), NaN where there never is one. arrival: row index at which each label is there, (rows,). candidate: shadowed
    from row candidate_from on. told: the profile knows which of its rows the stable was not fitted to.
    """

    name: str
    kind: str
    seed: int
    plant: Plant
    estimator: str
    rows: Rows
    labels: Floats
    arrival: NDArray[np.int64]
    stable: Predict
    candidate: Predict | None
    candidate_from: int
    truth: Truth
    told: bool = True


@dataclass(slots=True)
class Scene:
    """An episode in the making: the rows as they really were, and what the record shows of them."""

    plant: Plant
    estimator: str
    rng: np.random.Generator
    true: Stretch
    record: Record
    stable: Predict
    truth: Truth
    labels: Floats
    times: Floats
    regimes: tuple[str, ...] | None = None
    candidate: Candidate | None = None

    @classmethod
    def of(cls, plant: Plant, estimator: str, rng: np.random.Generator, true: Stretch, stable: Predict, truth: Truth) -> "Scene":
        """The plant as it was, and a record that says just that."""
        shape = true.x.shape
        record = Record(true.x.copy(), np.zeros(shape), np.zeros(shape))
        times = START + plant.every * np.arange(len(true), dtype=np.float64)
        return cls(plant, estimator, rng, true, record, stable, truth, true.y.copy(), times)


Setup = Callable[[Plant, str, np.random.Generator], Scene]
"""What the plant does."""
Trouble = Callable[[Scene], None]
"""What else happens."""


def resampled(plant: Plant, rows: int, rng: np.random.Generator) -> Stretch:
    """That many held-out sound rows: contiguous blocks, drawn with replacement."""
    weights = np.array([len(stretch) for stretch in plant.normal], dtype=np.float64)
    parts: list[Stretch] = []
    missing = rows
    while missing > 0:
        stretch = plant.normal[int(rng.choice(len(weights), p=weights / weights.sum()))]
        length = min(int(rng.integers(*BLOCK)), missing, len(stretch))
        first = int(rng.integers(0, len(stretch) - length + 1))
        parts.append(stretch.part(first, first + length))
        missing -= length
    return joined(parts)


def sound(plant: Plant, estimator: str, rng: np.random.Generator, rows: int = LENGTH) -> Scene:
    """Nothing is wrong."""
    return Scene.of(plant, estimator, rng, resampled(plant, rows, rng), models.stable(plant.name, estimator), Truth("fault-free"))


def disturbed(plant: Plant, estimator: str, rng: np.random.Generator) -> Scene:
    """Sound rows, then a process fault to the end of its recording."""
    fault = plant.disturbances[int(rng.integers(len(plant.disturbances)))]
    struck = fault.rows.part(0, 800)
    before = [fault.before] if fault.before is not None else []
    lead = LENGTH - len(struck) - sum(len(stretch) for stretch in before)
    true = joined([resampled(plant, lead, rng), *before, struck])
    truth = Truth("process", from_row=LENGTH - len(struck), until_row=LENGTH, detail=fault.name)
    return Scene.of(plant, estimator, rng, true, models.stable(plant.name, estimator), truth)


def changing_over(plant: Plant, estimator: str, rng: np.random.Generator, *, between: tuple[str, ...]) -> Scene:
    """Sound rows at the first set point, then at the next, and so on, SETTLING rows of ramp between two."""
    both = plants.plant(plant.name + plants.TWO_SET_POINTS)
    unit = (plant.spread, float(plant.reference.y.std()))
    ends = np.cumsum([int(rng.integers(250, 400)) for _ in range(LENGTH // 250)])
    recorded, parts, named = resampled(plant, LENGTH, rng), [], []
    for i, (first, end) in enumerate(pairwise((0, *(int(end) for end in ends if end < LENGTH - 100), LENGTH))):
        here, there = between[i % len(between)], between[(i + 1) % len(between)]
        part = plants.at_set_point(recorded.part(first, end), here, unit)
        ramp = SETTLING if end < LENGTH else 0
        parts += [part.part(0, len(part) - ramp), _ramp(recorded.part(end - ramp, end), here, there, unit)]
        named += [here] * (len(part) - ramp) + ["Settling"] * ramp
    stable = models.stable(both.name, estimator)
    scene = Scene.of(both, estimator, rng, joined(parts), stable, Truth("fault-free", detail=f"set points {', '.join(between)}"))
    scene.regimes = tuple(named)
    return scene


def _ramp(recorded: Stretch, here: str, there: str, unit: tuple[Floats, float]) -> Stretch:
    from_, to = plants.at_set_point(recorded, here, unit), plants.at_set_point(recorded, there, unit)
    share = np.linspace(0.0, 1.0, len(recorded))
    return Stretch(from_.x + share[:, None] * (to.x - from_.x), from_.y + share * (to.y - from_.y))


def sensor_fault(fault: str, scene: Scene, *, lasting: bool | None = None) -> None:
    """One sensor is wrong: for 300 rows, or to the end. None: either."""
    rng, rows = scene.rng, len(scene.true)
    sensor, other = (int(i) for i in rng.choice(len(scene.plant.tags), 2, replace=False))
    first = int(rng.integers(400, 701))
    to_the_end = bool(rng.integers(2)) if lasting is None else lasting
    hit = Hit(sensor, other, first, rows if to_the_end else first + 300, float(scene.plant.spread[sensor]))
    SENSOR_FAULTS[fault](scene.record, hit, rng)
    tags = tuple(scene.plant.tags[i] for i in ((sensor, other) if fault == "swapped" else (sensor,)))
    scene.truth = replace(scene.truth, kind="data", tags=tags, from_row=hit.first, until_row=hit.end, detail=fault)


def any_sensor_fault(scene: Scene, *, lasting: bool) -> None:
    """One sensor is wrong in some way."""
    sensor_fault(str(scene.rng.choice(list(SENSOR_FAULTS))), scene, lasting=lasting)


def candidate(make_one: Make, scene: Scene) -> None:
    """A successor is judged from row 100 on."""
    judged = Stretch(scene.true.x[CANDIDATE_FROM:], scene.labels[CANDIDATE_FROM:])
    struck = scene.truth.from_row if scene.truth.kind == "process" else None
    sound_rows = len(judged) if struck is None else struck - CANDIDATE_FROM
    made = make_one(Setting(scene.plant, scene.estimator, scene.stable, judged, sound_rows), scene.rng)
    scene.candidate = made
    kind = scene.truth.kind if scene.truth.kind != "fault-free" else "model"
    detail = f"{made.mechanism}; {scene.truth.detail}" if scene.truth.detail else made.mechanism
    scene.truth = replace(scene.truth, kind=kind, detail=detail, rmse_ratio=ratio(made.predict, scene.stable, judged))


def unlabelled(scene: Scene) -> None:
    """No laboratory."""
    scene.labels = np.full(len(scene.times), np.nan)


def concept(scene: Scene, *, labelled: bool) -> None:
    """The label comes to depend on the features in another way; the features do not move."""
    rng, first = scene.rng, int(scene.rng.integers(500, 701))
    x, y = scene.true.x, scene.true.y.copy()
    spread, mean = scene.plant.reference.y.std(), scene.plant.reference.y.mean()
    how = str(rng.choice(("offset", "gain", "sign")))
    if how == "offset":
        y[first:] += rng.choice((-1.0, 1.0)) * 1.5 * spread
    elif how == "gain":
        y[first:] = mean + 2.5 * (y[first:] - mean)
    else:
        explained = scene.stable(x[first:]) - mean
        y[first:] -= 2.0 * explained
    scene.labels = y if labelled else np.full(len(y), np.nan)
    scene.true = Stretch(x, y)
    scene.truth = Truth("concept", from_row=first, until_row=len(y), detail=how)


def gaps(scene: Scene) -> None:
    """Some hours without any row, three times."""
    for at in scene.rng.choice(np.arange(200, len(scene.times) - 100), 3, replace=False):
        scene.times[at:] += scene.plant.every * float(scene.rng.integers(5, 200))
    scene.truth = replace(scene.truth, detail="three gaps")


def make(kind: str, seed: int, plant_name: str | None = None, estimator: str | None = None) -> Episode:
    """The episode of that class and seed; plant and estimator follow from the seed unless they are given."""
    rng = np.random.default_rng([zlib.crc32(kind.encode()), seed])
    plant = plants.plant(plant_name or plants.NAMES[seed % len(plants.NAMES)])
    chosen = estimator or plant.estimators[seed // len(plants.NAMES) % len(plant.estimators)]
    setup, *troubles = {**CLASSES, **LONG, "year": YEAR}[kind]
    scene = setup(plant, chosen, rng)
    for trouble in troubles:
        trouble(scene)
    return _finished(scene, kind, seed)


def _finished(scene: Scene, kind: str, seed: int) -> Episode:
    rows = len(scene.times)
    return Episode(
        name=f"{kind}#{seed} ({scene.plant.name}, {scene.estimator}: {scene.truth.detail or 'nothing'})",
        kind=kind,
        seed=seed,
        plant=scene.plant,
        estimator=scene.estimator,
        rows=_rows(scene),
        labels=scene.labels,
        arrival=np.arange(rows) + scene.plant.late,
        stable=scene.stable,
        candidate=scene.candidate.predict if scene.candidate else None,
        candidate_from=CANDIDATE_FROM if scene.candidate else rows,
        truth=scene.truth,
        told=seed // (2 * len(plants.NAMES)) % 2 == 0,
    )


def _rows(scene: Scene) -> Rows:
    return Rows(
        tags=scene.plant.tags,
        times=scene.times,
        every=scene.plant.every,
        values=scene.record.values,
        status=scene.record.status,
        ages=scene.record.ages,
        regimes=scene.regimes,
    )


Recipe = tuple[Setup, *tuple[Trouble, ...]]


def _with_candidates() -> dict[str, Recipe]:
    """Every candidate alone, during a process fault, and beside a sensor that is wrong for a while or to the end."""
    made: dict[str, Recipe] = {}
    for which in CANDIDATES:
        new = partial(candidate, CANDIDATES[which])
        made[f"candidate-{which}"] = (sound, new)
        made[f"candidate-{which}+process"] = (disturbed, partial(candidate, EVENLY.get(which, CANDIDATES[which])))
        made[f"candidate-{which}+sensor-window"] = (sound, partial(any_sensor_fault, lasting=False), new)
        made[f"candidate-{which}+regimes"] = (partial(changing_over, between=("A", "B")), new)
        made[f"candidate-{which}+sensor-lasting"] = (sound, partial(any_sensor_fault, lasting=True), new)
    return made


CLASSES: Final[dict[str, Recipe]] = {
    "fault-free": (sound,),
    "gaps": (sound, gaps),
    **{f"sensor-{fault}": (sound, partial(sensor_fault, fault)) for fault in SENSOR_FAULTS},
    "process": (disturbed,),
    "regimes-known": (partial(changing_over, between=("A", "B")),),
    "regimes-unknown": (partial(changing_over, between=("A", "B", "C")),),
    "concept-labelled": (sound, partial(concept, labelled=True)),
    "concept-unlabelled": (sound, partial(concept, labelled=False)),
    **_with_candidates(),
    **{
        f"candidate-{which}-unlabelled": (sound, partial(candidate, CANDIDATES[which]), unlabelled)
        for which in ("identical", "retrained", "50-worse", "scrambled", "unit-mistake")
    },
    "candidate-25-worse+process-mainly": (disturbed, partial(candidate, CANDIDATES["25-worse"])),
    "candidate-50-worse+process-mainly": (disturbed, partial(candidate, CANDIDATES["50-worse"])),
}

YEAR: Final[Recipe] = (partial(sound, rows=175_200),)
"""As many rows as a year has at one every 3 minutes. Not a class: one of it lasts as long as a hundred others."""

LONG: Final[dict[str, Recipe]] = {
    f"long-{which}": (partial(sound, rows=6200), partial(candidate, CANDIDATES[which]))
    for which in ("good", "10-worse", "25-worse", "50-worse")
}
"""Candidates alone, for long enough to see how many rows a verdict takes. No classes either."""
