"""Recorded rows, labels and models of the Tennessee Eastman process as files, with whatever goes wrong put into them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from andon.api.pipeline import Estimator
from andon.lab.plant.recordings import NORMAL, TAGS, Run
from andon.runtime.train import estimators, export

INDICES = [*range(22), *range(41, 52)]
COLUMNS = [TAGS[i].lower() for i in INDICES]
TARGET = TAGS.index("XMEAS_38")
START = datetime(2026, 1, 1, tzinfo=UTC)
EVERY = timedelta(minutes=3)
DELAY = 5 * EVERY

FITTED = (NORMAL[0], *NORMAL[2:4])
REFERENCE = (NORMAL[1],)
FAULT_FREE = NORMAL[5:]
"""Three parts of the fault-free rows: 820 that models are fitted to, 960 that are the reference, 800 that are replayed.

The recordings of faults 4 and 5 begin with the same 160 rows: only the second is used."""


def of(*runs: Run) -> tuple[Any, Any]:
    """Features and labels of these runs, one after the other."""
    rows = np.concatenate([run.rows for run in runs])
    return rows[:, INDICES].copy(), rows[:, TARGET].copy()


@cache
def ridge(off: float = 0.0) -> bytes:
    """A model of the process, as ONNX. off: how far the answers lie from the best ones, in standard deviations of the label."""
    features, labels = of(*FITTED)
    wrong = labels + off * labels.std()
    return export.to_onnx(estimators.fit(Estimator.RIDGE, features.astype(np.float32), wrong), len(INDICES))


@dataclass
class Recorded:
    """Rows in the making: features, labels and times may be changed before they are written."""

    features: Any
    labels: Any
    start: datetime = START
    extra: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, *runs: Run, start: datetime = START):
        return cls(*of(*runs), start)

    @property
    def times(self) -> list[datetime]:
        return [self.start + i * EVERY for i in range(len(self.features))]

    def column(self, name: str):
        """A view, to be written to."""
        return self.features[:, COLUMNS.index(name)]

    def table(self) -> dict[str, Any]:
        features = dict(zip(COLUMNS, self.features.T, strict=True))
        return {"time": pa.array(self.times, pa.timestamp("us", "UTC")), **features, **self.extra}

    def write(self, path: Path) -> Path:
        pq.write_table(pa.table(self.table()), path)
        return path

    def write_labels(self, path: Path) -> Path:
        known = [time + DELAY for time in self.times]
        pq.write_table(pa.table({"time": self.times, "label": self.labels, "available_at": known}), path)
        return path
