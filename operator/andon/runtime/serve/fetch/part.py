"""How far did a download come? Bytes on disk with their digest so far: what was cut off is gone on with, after a restart too."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from andon.api.types import Digest
from andon.runtime.serve.fetch.stream import CHUNK
from andon.runtime.serve.slots.unloadable import UnloadableError


class Part:
    """One unfinished file. mark: the source's, of the content that the bytes are of, if it gave one.

    All raise UnloadableError: CacheUnwritable.
    """

    def __init__(self, path: Path) -> None:
        """Only opens it, which takes no time: whoever opens it in a thread and is cancelled meanwhile could never close it."""
        self._path = path
        self._mark = path.with_suffix(".mark")
        self._hash = hashlib.sha256()
        with writable(path):
            self._file = path.open("ab+")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with suppress(OSError):  # what cannot be flushed is fetched again
            self._file.close()

    @property
    def size(self) -> int:
        """Bytes that are there."""
        return self._file.tell()

    @property
    def digest(self) -> Digest:
        """Of the bytes that are there."""
        return f"sha256:{self._hash.hexdigest()}"

    @property
    def mark(self) -> str | None:
        """Of what these bytes are a part."""
        return self._mark.read_text() if self._mark.is_file() else None

    def resume(self) -> None:
        """Go on where an earlier one was left."""
        self._file.seek(0)
        while chunk := self._file.read(CHUNK):
            self._hash.update(chunk)

    def begin(self, mark: str | None) -> None:
        """Start from nothing."""
        self._hash = hashlib.sha256()
        with writable(self._path):
            self._file.seek(0)
            self._file.truncate()
            self._mark.write_text(mark) if mark else self._mark.unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        """Add to it."""
        with writable(self._path):
            self._file.write(chunk)
        self._hash.update(chunk)

    def finish(self, path: Path) -> None:
        """Give the whole file its name, so that it outlives a power cut."""
        with writable(self._path):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._path.replace(path)
            self._mark.unlink(missing_ok=True)

    def drop(self) -> None:
        """These bytes are of no use."""
        with writable(self._path):
            self._path.unlink(missing_ok=True)
            self._mark.unlink(missing_ok=True)


@contextmanager
def writable(path: Path) -> Iterator[None]:
    """Tells a disk that is full or forbidden from a source that is away."""
    try:
        yield
    except OSError as error:
        text = f"{path.parent} cannot take the file: {error.strerror or error}; give it room, or the right to be written"
        raise UnloadableError("CacheUnwritable", text, again=True) from error
