"""Small files of rows and labels, whole or broken."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

START = datetime(2026, 3, 1, tzinfo=UTC)


def clock(rows, every=timedelta(minutes=1)):
    return [START + i * every for i in range(rows)]


def wave(rows, phase=0.0):
    return np.sin(np.arange(rows) + phase)


def table(path, **columns):
    """A Parquet file of these columns; a dot in a name is written as two underscores."""
    pq.write_table(pa.table({name.replace("__", "."): values for name, values in columns.items()}), path)
    return path
