"""Where are models and scores kept? In one folder of one server: two would write into one SQLite."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from andon.runtime.serve.settings import BadSettingsError


@contextmanager
def kept(folder: Path | None) -> Iterator[Path]:
    """The folder, this process's alone for as long as it lives. None: one that goes with it. Raises BadSettingsError."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="andon-") as passing:
            yield Path(passing)
        return
    lock = _locked(folder)
    try:
        yield folder
    finally:
        os.close(lock)


def _locked(folder: Path) -> int:
    """The descriptor that holds the lock. The kernel lets go of it however the process ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise BadSettingsError(f"--data {folder}: {error.strerror}; name a folder that can be made and written to") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        text = "another andon serve keeps its models and scores there; end it, or name another folder"
        raise BadSettingsError(f"--data {folder}: {text}") from error
    return lock
