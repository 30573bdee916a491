"""Which rows of the Tennessee Eastman process are there to be replayed?

The files are those in the bibmon wheel, found through its metadata: importing it would import half of the scientific stack.
Columns are XMEAS(1..41) then XMV(1..11), a row every 3 minutes of the process. Testing runs have 960 rows; a fault starts at
row 160.
"""

from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

TAGS: Final = (*(f"XMEAS_{n}" for n in range(1, 42)), *(f"XMV_{n}" for n in range(1, 12)))
FAULTS: Final = (1, 2, 4, 5, 6, 7, 8, 13)  # the others are kept for judging models that nobody tuned on them
FAULT_STARTS: Final = 160

Rows = NDArray[np.float64]


class RecordingsMissingError(FileNotFoundError):
    """The files are not installed; the message says what to install."""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of one recording. number: names the recording, fault times ten, plus one for the testing run."""

    fault: int
    testing: bool
    first: int
    end: int

    @property
    def number(self) -> int:
        """What the plant's RUN tag says: equal for two stretches of one recording."""
        return self.fault * 10 + self.testing

    @property
    def rows(self) -> Rows:
        """Its rows, shape (end - first, 52), in engineering units."""
        return _load(f"d{self.fault:02d}{'_te' if self.testing else ''}.dat")[self.first : self.end]


NORMAL: Final = (
    Run(0, testing=False, first=0, end=500),
    Run(0, testing=True, first=0, end=960),
    *(Run(fault, testing=True, first=0, end=FAULT_STARTS) for fault in FAULTS),
)
"""Fault-free operation, 2,740 rows: the two normal runs, then what the other testing runs did before their fault."""


def faulty(fault: int) -> tuple[Run, ...]:
    """Operation under one fault: 1,280 rows."""
    return Run(fault, testing=False, first=0, end=480), Run(fault, testing=True, first=FAULT_STARTS, end=960)


@cache
def _load(name: str) -> Rows:
    rows: Rows = np.loadtxt(_path(name))
    return rows.T if rows.shape[0] == len(TAGS) else rows  # d00.dat alone is on its side


def _path(name: str) -> Path:
    try:
        files = metadata.files("bibmon") or []
    except metadata.PackageNotFoundError as error:
        raise RecordingsMissingError("the plant replays files of the bibmon package; install it: pip install bibmon") from error
    found = next((file for file in files if file.name == name), None)
    if found is None:
        raise RecordingsMissingError(f"the installed bibmon has no {name}; install bibmon 1.2")
    return Path(str(found.locate()))
