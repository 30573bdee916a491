"""Change one scalar of a file on disk, or of one file of a folder: at once or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp

from andon.api.errors import UserError
from andon.ports.splice.find import find
from andon.ports.splice.objects import ObjectRef
from andon.ports.splice.path import Path as Steps
from andon.ports.splice.refusal import Refusal
from andon.ports.splice.tree import matters


@dataclass(frozen=True, slots=True)
class Edit:
    """One line of one file. old == new: it was already so."""

    file: str
    line: int
    old: str
    new: str

    @property
    def changed(self) -> bool:
        """Whether the file was written."""
        return self.old != self.new


def edit(where: Path, ref: ObjectRef, path: Steps, value: str) -> Edit:
    """Find the object's scalar in the file, or below the folder, and write it. Raises Refusal, UserError and ValueError."""
    try:
        files = dict(_read(where))
        place = find(files, ref, path)
        made = Edit(place.file, place.line, place.value, value)
        if made.changed:
            _replace(Path(place.file), files[place.file], place.changed_to(value))
    except OSError as error:
        raise UserError(f"{error.filename}: {error.strerror}; name what you may read and write") from error
    return made


def _read(where: Path) -> Iterator[tuple[str, bytes]]:
    if where.exists() and not (where.is_file() or where.is_dir()):  # a pipe would be waited for, for ever
        raise UserError(f"{where} is neither a file nor a folder; name one of them")
    if not where.is_dir():
        yield where.as_posix(), where.read_bytes()
        for chart in (folder / "Chart.yaml" for folder in where.parents):  # what Helm renders is no file of ours
            if chart.is_file():
                yield chart.as_posix(), chart.read_bytes()
        return
    for folder, folders, names in os.walk(os.path.normpath(where)):
        folders[:] = [name for name in folders if name != ".git"]
        for file in (Path(folder, name) for name in names if matters(name)):
            if file.is_file() and not file.is_symlink():
                yield file.as_posix(), file.read_bytes()


def _replace(file: Path, before: bytes, after: bytes) -> None:
    """A reader sees the old file or the new one. A link stays one; mode and, for root, owner stay."""
    file = file.resolve()
    with _beside(file) as new:
        new.write_bytes(after)
        _as_it_was(new, file.stat())
        if file.read_bytes() != before:
            raise Refusal("Changed", "somebody else wrote the file meanwhile; try again", str(file))
        new.replace(file)


@contextmanager
def _beside(file: Path) -> Iterator[Path]:
    """A name in the same folder, so that it can take the file's place at once; gone if it does not."""
    handle, name = mkstemp(prefix=f".{file.name}.", dir=file.parent)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _as_it_was(new: Path, kept: os.stat_result) -> None:
    with new.open("rb") as content:
        os.fchmod(content.fileno(), kept.st_mode)
        if os.geteuid() == 0:
            os.fchown(content.fileno(), kept.st_uid, kept.st_gid)
        os.fsync(content.fileno())
