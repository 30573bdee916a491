"""A folder of files that changes as one, as the kubelet writes ConfigMaps: a reader never sees half of an update."""

import asyncio
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

Contents = Mapping[str, bytes]
"""Relative path to content."""


class Files:
    """One published folder made of parts, each of which is set by its own source.

    `NAME` links to `..data/NAME`, `..data` to a folder that is never written again; an update swaps `..data` by rename.
    mode: of every file.
    """

    def __init__(self, folder: Path, parts: int, mode: int = 0o644) -> None:
        self._folder, self._mode = folder, mode
        self._parts: list[Contents | None] = [None] * parts
        self._published: Contents | None = None
        self.complete = asyncio.Event()
        self.missing: dict[int, str] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def set(self, part: int, contents: Contents) -> None:
        """Publishes the whole if every part is there and something changed."""
        self._parts[part] = contents
        self.missing.pop(part, None)
        present = [p for p in self._parts if p is not None]
        together = {path: content for part_contents in present for path, content in part_contents.items()}
        if len(present) == len(self._parts) and together != self._published:
            _publish(self._folder, together, self._mode)
            self._published = together
            self.complete.set()


def _publish(folder: Path, contents: Contents, mode: int) -> None:
    data = folder / "..data"
    before = data.resolve() if data.is_symlink() else None
    generation = Path(tempfile.mkdtemp(prefix="..", dir=folder))
    for path, content in contents.items():
        target = generation / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(mode)
    swap = folder / "..data_tmp"
    swap.unlink(missing_ok=True)
    swap.symlink_to(generation.name)
    swap.rename(data)
    _link(folder, {Path(path).parts[0] for path in contents})
    if before:
        shutil.rmtree(before)


def _link(folder: Path, names: set[str]) -> None:
    for name in names:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(Path("..data") / name)
    for entry in folder.iterdir():
        if not entry.name.startswith("..") and entry.name not in names:
            entry.unlink()
