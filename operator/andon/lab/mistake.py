"""What does the demo's bad version come from? The real training code, on records in which one tag has the wrong unit.

Somebody rescaled a transmitter, the unit beside the value still says the old one, and nothing in training can notice: on records
that are all wrong alike the model fits and passes its gates. On the plant it is wrong.
"""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from andon.runtime.train.config import TrainConfig
from andon.runtime.train.main import Say, train
from andon.runtime.train.outcome import Outcome

KPA_TO_PSI: Final = 0.1450377


def convert(landing: Path, out: Path, tag: str, factor: float) -> int:
    """Copies landed records with the values of one tag multiplied; returns how many were. Raises ValueError if there are none."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    converted = 0
    for path in sorted(path for path in landing.glob("date=*/*.parquet") if not path.name.startswith(".")):
        table = pq.read_table(pa.BufferReader(path.read_bytes()))
        ours = pc.equal(table["tag"], tag)
        values = pc.if_else(ours, pc.multiply(table["value"], factor), table["value"])
        converted += pc.sum(ours).as_py() or 0
        copy = out / path.relative_to(landing)
        copy.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table.set_column(table.schema.get_field_index("value"), "value", values), copy, compression="zstd")
    if converted == 0:
        raise ValueError(f"{landing} has no record of {tag}; name a tag that has landed")
    if (landing / "quarantine.json").exists():
        shutil.copy2(landing / "quarantine.json", out)
    return converted


def train_in_wrong_unit(
    config: TrainConfig, landing: Path, tracking_uri: str, tag: str, factor: float = KPA_TO_PSI, *, say: Say = print
) -> Outcome:
    """Registers the version that this pipeline would have made, had one tag landed in another unit. Raises as ``train`` does."""
    with TemporaryDirectory(prefix="andon-mistake-") as folder:
        convert(landing, Path(folder), tag, factor)
        mistaken = config.model_copy(update={"fingerprint": f"{config.fingerprint[:80]}-{tag[:40]}"})
        return train(mistaken, Path(folder), tracking_uri, say)
