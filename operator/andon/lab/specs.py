"""The plant's specs at another speed: the clock of rows, and what is measured in rows, goes with the plant's."""

import re
import shutil
from pathlib import Path
from typing import Final

from andon.api.types import seconds

WRITTEN_FOR: Final = 900.0
"""How many times faster than the real plant the specs in the repository are meant to run."""

_IN_ROWS: Final = re.compile(
    r"\b(?P<field>every|maxAge|rotate|publishingInterval|settle|delay): (?P<duration>[0-9]+(?:ms|s|m))\b"
)


def at_speed(specs: Path, folder: Path, speed: float) -> Path:
    """A folder with these specs for a plant at this speed: the folder itself at the speed they were written for."""
    if speed == WRITTEN_FOR:
        return specs
    shutil.copytree(specs, folder, dirs_exist_ok=True)
    for path in folder.rglob("*.yaml"):
        path.write_text(scaled(path.read_text(encoding="utf-8"), WRITTEN_FOR / speed), encoding="utf-8")
    return folder


def scaled(text: str, factor: float) -> str:
    """The text with every duration that is measured in rows made longer by this factor."""

    def longer(match: re.Match[str]) -> str:
        return f"{match['field']}: {max(1, round(seconds(match['duration']) * factor * 1000))}ms"

    return _IN_ROWS.sub(longer, text)
