"""Which row does the plant show next, and is it settling?

Normal operation goes on where it was left when a fault ends; it repeats only after all of it was shown.
"""

from dataclasses import dataclass, field
from typing import Final

from andon.lab.plant.recordings import FAULTS, NORMAL, Rows, Run, faulty

SETTLING_ROWS: Final = 10


class FaultRefusedError(ValueError):
    """The message names the faults there are."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One row of the process. run: number of its recording."""

    values: Rows
    run: int
    settling: bool


@dataclass(slots=True)
class Replay:
    """Where each operation stands: `at` counts rows shown of each fault's, 0 being normal."""

    fault: int = 0
    at: dict[int, int] = field(default_factory=dict)
    settling: int = 0

    def switch(self, fault: int) -> None:
        """Go over to a fault's operation, or with 0 back to normal. Raises FaultRefusedError."""
        if fault not in (0, *FAULTS):
            raise FaultRefusedError(f"fault {fault} is not offered; there are 0 (normal), {', '.join(map(str, FAULTS))}")
        if fault != self.fault:
            self.fault = fault
            self.settling = SETTLING_ROWS

    def next(self) -> Shown:
        """The next row."""
        runs = NORMAL if self.fault == 0 else faulty(self.fault)
        at = self.at.get(self.fault, 0)
        run, row = _locate(runs, at)
        if row == 0 and at > 0:
            self.settling = SETTLING_ROWS
        shown = Shown(run.rows[row], run.number, settling=self.settling > 0)
        self.settling = max(0, self.settling - 1)
        self.at[self.fault] = at + 1
        return shown


def _locate(runs: tuple[Run, ...], at: int) -> tuple[Run, int]:
    row = at % sum(run.end - run.first for run in runs)
    for run in runs:
        if row < run.end - run.first:
            return run, row
        row -= run.end - run.first
    raise AssertionError("a row beyond the last run")
