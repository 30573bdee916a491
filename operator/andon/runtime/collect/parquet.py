"""What does a landed file look like? The one place that knows Parquet, loaded when something is landed.

The columns are those of docs/wire.md, "Landing".
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from andon.runtime.collect.tables import Placed, Signal

_TIME = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        ("asset", pa.string()),
        ("tag", pa.string()),
        ("source_ts", _TIME),
        ("server_ts", _TIME),
        ("received_ts", _TIME),
        ("value", pa.float64()),
        ("status", pa.uint32()),
        ("unit", pa.string()),
    ]
)


class Writer:
    """One file, a row group per batch: memory is bounded by the batch. Seen under its name only when whole and on disk."""

    def __init__(self, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        self._target = target
        self._hidden = target.with_name(f".{target.name}.tmp")
        self._parquet = parquet.ParquetWriter(self._hidden, SCHEMA, compression="zstd")

    def write(self, rows: Sequence[tuple[Signal, Placed]]) -> None:
        """Add a batch."""
        self._parquet.write_table(_table(rows))

    def commit(self) -> None:
        """Sync, then rename, then sync the rename."""
        self._parquet.close()
        sync(self._hidden)
        self._hidden.replace(self._target)
        sync(self._target.parent)
        sync(self._target.parent.parent)


def sync(path: Path) -> None:
    """Put a file's content, or a folder's entries, on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _table(rows: Iterable[tuple[Signal, Placed]]) -> pa.Table:
    lines = [(s.asset, s.tag, r.source_us, r.server_us, r.received_us, r.value, r.status, s.unit) for s, r in rows]
    columns = zip(*lines, strict=True)
    return pa.table([pa.array(column, type=field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)
