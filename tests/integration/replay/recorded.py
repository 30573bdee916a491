"""Recorded rows, labels and models of the Tennessee Eastman process as files, with whatever goes wrong put into them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from andon.api.pipeline import Estimator
from andon.lab.plant.recordings import NORMAL, TAGS, Run
from andon.runtime.train import estimators, export

COLUMNS = [tag.lower() for tag in (*TAGS[:22], *TAGS[41:])]
FEATURES = [*range(22), *range(41, 52)]
TARGET = TAGS.index("XMEAS_38")
START = datetime(2026, 1, 1, tzinfo=UTC)
EVERY = timedelta(minutes=3)
DELAY = 5

FIT, *REST = NORMAL
"""The model is fitted to the first normal run, the reference is another one."""


def plant_rows(*runs: Run):
    """Features and label of these runs, one after the other."""
    rows = np.concatenate([run.rows for run in runs])
    return rows[:, FEATURES].copy(), rows[:, TARGET].copy()


@cache
def ridge(*, scale: float = 1.0, mixed: bool = False) -> bytes:
    """A model of the process as ONNX. scale: of its answers' distance from the mean; mixed: two of its inputs are swapped."""
    features, label = plant_rows(FIT, *REST[1:4])
    if mixed:
        features = features[:, np.roll(np.arange(features.shape[1]), 7)]
    target = label.mean() + scale * (label - label.mean())
    return export.to_onnx(estimators.fit(Estimator.RIDGE, features.astype(np.float32), target), features.shape[1])


@dataclass
class Recorded:
    """A file of rows in the making. times, features, labels may be changed before it is written."""

    features: np.ndarray
    labels: np.ndarray
    start: datetime = START
    extra: dict = field(default_factory=dict)

    @classmethod
    def of(cls, *runs: Run, start: datetime = START):
        return cls(*plant_rows(*runs), start)

    @property
    def times(self):
        return [self.start + i * EVERY for i in range(len(self.features))]

    def column(self, name: str):
        return self.features[:, COLUMNS.index(name)]

    def table(self) -> dict:
        features = dict(zip(COLUMNS, self.features.T, strict=True))
        return {"time": pa.array(self.times, pa.timestamp("us", "UTC")), **features, **self.extra}

    def write(self, path):
        pq.write_table(pa.table(self.table()), path)
        return path

    def write_labels(self, path, *, every: int = 1):
        known = [time + DELAY * EVERY for time in self.times]
        columns = {"time": self.times[::every], "label": self.labels[::every], "available_at": known[::every]}
        pq.write_table(pa.table(columns), path)
        return path
