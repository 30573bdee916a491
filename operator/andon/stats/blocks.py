"""In what portions does evidence come? Blocks of consecutive rows, so that neighbours in time are one witness."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

BLOCK_ROWS: Final = 20


@dataclass(frozen=True, slots=True)
class Rows:
    """Consecutive rows of one collector, oldest first.

    tags: the columns. times: Unix seconds, (rows,). every: the period of their clock in seconds. values: NaN where there is
    none. status: OPC UA StatusCode, NaN where the tag was never seen. ages: seconds, NaN likewise. The last three have shape
    (rows, tags). regimes: the name of each row's regime, "Settling" after a changeover, None where the source declares none.
    """

    tags: tuple[str, ...]
    times: NDArray[np.float64]
    every: float
    values: NDArray[np.float64]
    status: NDArray[np.float64]
    ages: NDArray[np.float64]
    regimes: tuple[str, ...] | None = None

    def part(self, first: int, last: int) -> "Rows":
        """Rows first to last, the last not included."""
        names = None if self.regimes is None else self.regimes[first:last]
        values, status, ages = (column[first:last] for column in (self.values, self.status, self.ages))
        return Rows(self.tags, self.times[first:last], self.every, values, status, ages, names)

    def columns(self, tags: tuple[str, ...]) -> "Rows":
        """The same rows with these tags, in this order. Raises ValueError for a tag they do not have."""
        if tags == self.tags:
            return self
        which = [self.tags.index(tag) for tag in tags]
        values, status, ages = (column[:, which] for column in (self.values, self.status, self.ages))
        return Rows(tags, self.times, self.every, values, status, ages, self.regimes)

    def __len__(self) -> int:
        """How many rows."""
        return len(self.times)

    def believed(self, max_age: float) -> NDArray[np.float64]:
        """The values that may be used: NaN where the status is not Good or the value is older than max_age seconds."""
        return np.where(~self.bad_status() & (self.ages <= max_age), self.values, np.nan)

    def bad_status(self) -> NDArray[np.bool_]:
        """Where the status is there and not Good: its two highest bits are the severity (OPC UA part 4, 7.39)."""
        return self.status >= 1 << 30


@dataclass(frozen=True, slots=True)
class Evidence:
    """The answer to one question about one subject, as of the last full block.

    log_e: natural log of the e-value. rows: folded since epoch (Unix seconds). value: in the question's unit. Times in Unix
    seconds.
    """

    question: str
    subject: str
    log_e: float
    rows: int
    block: int
    epoch: float
    value: float
    last_row: float
    first_bad: float | None = None
