"""Which recorded rows are there, which of them may a reference know, and which are kept for episodes?

Two processes. Tennessee Eastman (bibmon wheel; 33 features, the soft sensor's target XMEAS_38), split in two ways, so that no
figure rests on one lucky split. And the same wheel's record of a real plant: anonymous tags every 5 minutes for 11 days. Of its
108 tags those are features that are numeric, move (more than 500 distinct values, fewer than 30 % repeats) and follow the target
most closely in the reference without being a copy of it. The record is standardised; 10 is added to every column, so that a
wrong unit is a wrong value there too. The target, tag87, is the quantity that a linear model of the first days predicts best
without such a copy. Its first 1,300 rows are the reference; up to row 2,060 the plant wanders as plants do; from there on the
record holds one large disturbance to its end. Between rows 1,816 and 1,960 tag61 alone leaves the range of the reference fourfold
and comes back. Whether its sensor was at fault or the plant nobody can say: these rows are in no episode. A boosting, which
cannot extrapolate, errs three times as much from row 1,700 on: it has drifted in truth, and is not served here.
"""

import csv
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import metadata
from typing import Final

import numpy as np
from numpy.typing import NDArray

from andon.lab.plant.recordings import FAULT_STARTS, FAULTS, TAGS, Run

Floats = NDArray[np.float64]

TE_FEATURES: Final = (*(f"xmeas_{n}" for n in range(1, 23)), *(f"xmv_{n}" for n in range(1, 12)))
TE_TARGET: Final = "xmeas_38"
SAME_START: Final = 5
"""The rows before fault 5 are those before fault 4 once more."""

REAL_TARGET: Final = "tag87"
REAL_FEATURES: Final = 24
REAL_REFERENCE: Final = 1300
REAL_EXCURSION: Final = (1816, 1960)
REAL_EVENT: Final = 2060
REAL_LEVEL: Final = 10.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive rows of one recording, in one regime. x: (rows, features). y: the target, (rows,)."""

    x: Floats
    y: Floats
    regime: str = ""

    def __len__(self) -> int:
        """How many rows."""
        return len(self.y)

    def part(self, first: int, end: int) -> "Stretch":
        """Rows first to end."""
        return Stretch(self.x[first:end], self.y[first:end], self.regime)


def joined(parts: list[Stretch]) -> Stretch:
    """One after another."""
    return Stretch(np.concatenate([p.x for p in parts]), np.concatenate([p.y for p in parts]))


@dataclass(frozen=True, slots=True)
class Disturbance:
    """A process fault: rows from its onset on, and the sound rows just before it where there are any that no reference knows."""

    name: str
    before: Stretch | None
    rows: Stretch


@dataclass(frozen=True, slots=True)
class Plant:
    """One process and one split of its record. every: seconds. late: rows until a label is there.

    fitted: rows that models are fitted to. checked: the reference's other rows. normal: sound rows of neither.
    estimators: kinds of model that do not wear out on these.
    """

    name: str
    tags: tuple[str, ...]
    target: str
    every: float
    late: int
    fitted: tuple[Stretch, ...]
    checked: tuple[Stretch, ...]
    normal: tuple[Stretch, ...]
    disturbances: tuple[Disturbance, ...] = field(repr=False)
    estimators: tuple[str, ...] = ("ridge", "boosting")

    @property
    def reference(self) -> Stretch:
        """All rows that the profile is made of: the fitted ones first."""
        return joined([*self.fitted, *self.checked])

    @property
    def reference_regimes(self) -> tuple[str, ...]:
        """The regime of each row of the reference."""
        return tuple(stretch.regime for stretch in (*self.fitted, *self.checked) for _ in range(len(stretch)))

    @property
    def spread(self) -> Floats:
        """Standard deviation of each feature over the reference."""
        return np.asarray(self.reference.x.std(axis=0))

    @property
    def distinct(self) -> int:
        """How many sound rows there are that no reference knows."""
        return sum(len(stretch) for stretch in self.normal)


SET_POINTS: Final = ("A", "B", "C")
"""The plant as recorded, another set point that the reference knows, and one that it does not."""


def at_set_point(rows: Stretch, name: str, unit: tuple[Floats, float]) -> Stretch:
    """The same rows as the plant would have them there. unit: standard deviation of the features and of the target.

    A third of the features lies 3 standard deviations elsewhere, and so does the target.
    """
    number = SET_POINTS.index(name)
    moved = 3.0 * number * np.sign(np.random.default_rng(number).choice((-1.0, 0.0, 1.0), rows.x.shape[1], p=(0.15, 0.7, 0.15)))
    return Stretch(rows.x + moved * unit[0], rows.y + 3.0 * number * unit[1], name)


@cache
def plant(name: str) -> Plant:
    """The plant of that name: one of NAMES, or one of these and TWO_SET_POINTS."""
    if name.endswith(TWO_SET_POINTS):
        return _with_set_points(plant(name.removesuffix(TWO_SET_POINTS)))
    return {"te-early": _te_early, "te-late": _te_late, "real": _real}[name]()


def _with_set_points(one: Plant) -> Plant:
    """The same plant, its reference recorded at set points A and B, one after the other."""
    unit = (one.spread, float(one.reference.y.std()))
    fitted, checked = (
        tuple(at_set_point(rows, at, unit) for at in SET_POINTS[:2] for rows in part) for part in (one.fitted, one.checked)
    )
    return replace(one, name=one.name + TWO_SET_POINTS, fitted=fitted, checked=checked)


TWO_SET_POINTS: Final = ", two set points"
NAMES: Final = ("te-early", "real", "te-late")


def _te(run: Run) -> Stretch:
    column = {tag.lower(): i for i, tag in enumerate(TAGS)}
    rows = run.rows
    return Stretch(rows[:, [column[tag] for tag in TE_FEATURES]], rows[:, column[TE_TARGET]])


def _te_split(name: str, *, fitted: tuple[Stretch, ...], normal: tuple[Stretch, ...], lead: bool) -> Plant:
    faults = {fault: _te(Run(fault, testing=True, first=0, end=960)) for fault in FAULTS}
    return Plant(
        name=name,
        tags=TE_FEATURES,
        target=TE_TARGET,
        every=180.0,
        late=5,
        fitted=fitted,
        checked=(_te(Run(0, testing=False, first=0, end=500)),),
        normal=normal,
        disturbances=tuple(
            Disturbance(f"fault {fault}", run.part(0, FAULT_STARTS) if lead else None, run.part(FAULT_STARTS, 960))
            for fault, run in faults.items()
        ),
    )


def _preludes() -> tuple[Stretch, ...]:
    return tuple(_te(Run(fault, testing=True, first=0, end=FAULT_STARTS)) for fault in FAULTS if fault != SAME_START)


def _te_early() -> Plant:
    """The two normal runs are known; held out is what the other runs did before their fault."""
    return _te_split("te-early", fitted=(_te(Run(0, testing=True, first=0, end=960)),), normal=_preludes(), lead=True)


def _te_late() -> Plant:
    """The other way round: the normal testing run is held out."""
    return _te_split("te-late", fitted=_preludes(), normal=(_te(Run(0, testing=True, first=0, end=960)),), lead=False)


def _real() -> Plant:
    columns = _real_columns()
    y = columns.pop(REAL_TARGET)
    alike = {tag: abs(float(np.corrcoef(x[:REAL_REFERENCE], y[:REAL_REFERENCE])[0, 1])) for tag, x in columns.items()}
    tags = tuple(sorted((t for t in columns if alike[t] < 0.99), key=lambda t: -alike[t])[:REAL_FEATURES])
    rows = Stretch(np.stack([columns[tag] for tag in tags], axis=1), y)
    return Plant(
        name="real",
        tags=tags,
        target=REAL_TARGET,
        every=300.0,
        late=12,
        fitted=(rows.part(0, 1000),),
        checked=(rows.part(1000, REAL_REFERENCE),),
        normal=(rows.part(REAL_REFERENCE, REAL_EXCURSION[0]), rows.part(REAL_EXCURSION[1], REAL_EVENT)),
        disturbances=(Disturbance("recorded disturbance", None, rows.part(REAL_EVENT, len(rows))),),
        estimators=("ridge",),
    )


def _real_columns() -> dict[str, Floats]:
    """The columns that are numbers throughout and move."""
    found = next(file for file in metadata.files("bibmon") or [] if file.name == "real_process_data.csv")
    with open(str(found.locate()), newline="") as file:  # noqa: PTH123
        names, *records = csv.reader(file)
    columns = {name: _numbers([record[i] for record in records]) for i, name in enumerate(names) if name.startswith("tag")}
    return {name: x for name, x in columns.items() if x is not None and _moves(x[:REAL_REFERENCE])}


def _numbers(texts: list[str]) -> Floats | None:
    try:
        return np.array(texts, dtype=np.float64) + REAL_LEVEL
    except ValueError:
        return None


def _moves(x: Floats) -> bool:
    return len(np.unique(x)) > 500 and float(np.mean(np.diff(x) == 0)) < 0.3
