"""What does the demo's good version come from? The same training as the first one's, on all that had landed by a moment."""

import shutil
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from andon.runtime.train.config import TrainConfig
from andon.runtime.train.main import Say, train
from andon.runtime.train.outcome import Outcome


def landed_until(moment: datetime, landing: Path, out: Path) -> int:
    """Copies the files that had ended by then, and what is quarantined; how many files. A file's name ends in its last ms."""
    files = [path for path in landing.glob("date=*/*.parquet") if not path.name.startswith(".")]
    early = [path for path in files if int(path.stem.partition("-")[2]) <= moment.timestamp() * 1000]
    for path in early:
        copy = out / path.relative_to(landing)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    if (landing / "quarantine.json").exists():
        shutil.copy2(landing / "quarantine.json", out)
    return len(early)


def train_again(config: TrainConfig, landing: Path, tracking_uri: str, until: datetime, *, say: Say = print) -> Outcome:
    """Registers the version that this pipeline would have made at that moment. Raises as ``train`` does."""
    with TemporaryDirectory(prefix="andon-successor-") as folder:
        landed_until(until, landing, Path(folder))
        again = config.model_copy(update={"fingerprint": f"{config.fingerprint[:100]}-again"})
        return train(again, Path(folder), tracking_uri, say)
