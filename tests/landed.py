"""Landing folders as a collector leaves them, made from the Tennessee Eastman process in the ``bibmon`` wheel."""

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from andon.runtime.train.config import TrainConfig

FEATURES = (*(f"xmeas_{n}" for n in range(1, 23)), *(f"xmv_{n}" for n in range(1, 12)))
TARGET = "xmeas_38"
EVERY_MS = 200
START_MS = 1_763_800_000_000
GOOD, BAD, UNCERTAIN = 0, 0x80000000, 0x40000000


def normal_operation() -> dict[str, NDArray[np.float64]]:
    """500 fault-free rows at the plant's 3 minutes, by tag. d00.dat alone of all files is stored transposed."""
    path = Path(str(distribution("bibmon").locate_file("bibmon/tennessee_eastman/d00.dat")))
    values = np.loadtxt(path)
    assert values.shape == (52, 500)
    names = (*(f"xmeas_{n}" for n in range(1, 42)), *(f"xmv_{n}" for n in range(1, 12)))
    return dict(zip(names, values, strict=True))


def soft_sensor(rows: slice = slice(None)) -> dict[str, NDArray[np.float64]]:
    """What the demo's soft sensor is made from, in these of the 500 rows."""
    values = normal_operation()
    return {tag: values[tag][rows] for tag in (*FEATURES, TARGET)}


def record(tag: str, at_ms: float, value: float | None, status: int = GOOD, received_ms: float | None = None) -> dict[str, Any]:
    return {
        "asset": "reactor-1",
        "tag": tag,
        "source_ts": round(at_ms * 1000),
        "server_ts": round(at_ms * 1000),
        "received_ts": round((received_ms or at_ms) * 1000),
        "value": value,
        "status": status,
        "unit": "kPa",
    }


def series(values: Mapping[str, NDArray[np.float64]], start_ms: int = START_MS, every_ms: int = EVERY_MS) -> list[dict[str, Any]]:
    """One Good record per tag and period, all tags at the same source time."""
    return [record(tag, start_ms + i * every_ms, float(v)) for tag, column in values.items() for i, v in enumerate(column)]


def write(folder: Path, records: Sequence[dict[str, Any]], name: str = "0-1") -> Path:
    schema = pa.schema(
        [("asset", pa.string()), ("tag", pa.string())]
        + [(name, pa.timestamp("us", tz="UTC")) for name in ("source_ts", "server_ts", "received_ts")]
        + [("value", pa.float64()), ("status", pa.uint32()), ("unit", pa.string())]
    )
    path = folder / "date=2025-11-22" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(records), schema=schema), path, compression="zstd")
    return path


def quarantine(folder: Path, *windows: Mapping[str, Any]) -> None:
    frame = {"decision": "d-0123456789", "policy": "watch", "fault": "Stuck"}
    (folder / "quarantine.json").write_text(json.dumps({"windows": [frame | dict(window) for window in windows]}))


def order(fingerprint: str = "f1", model: str = "soft-sensor", **changes: Any) -> TrainConfig:
    """The demo's soft sensor: component E in the product from 33 measurements and valves."""
    spec: dict[str, Any] = {
        "data": {"sourceRefs": [{"name": "reactor"}], "target": TARGET, "every": f"{EVERY_MS}ms", "minRows": 400},
        "features": [{"name": tag, "tag": tag} for tag in FEATURES],
        "trainer": {"builtin": {"estimator": "Ridge"}},
        "registry": {"mlflow": {"model": model}},
    }
    data = spec["data"] | changes.pop("data", {})
    return TrainConfig.model_validate(
        {"namespace": "plant-a", "name": "soft-sensor", "fingerprint": fingerprint, "spec": spec | changes | {"data": data}}
    )
