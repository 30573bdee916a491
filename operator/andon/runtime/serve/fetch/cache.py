"""Which files are here already? Each by its digest, verified whenever it is taken; those that no order names go, oldest first."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from andon.api.types import Digest
from andon.runtime.serve.fetch.part import Part

MOST_FILES: Final = 32
MOST_BYTES: Final = 512 << 20


class Cache:
    """A folder. What is held is never given up, however much it is: a server must start from it without a network."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES, most_files: int = MOST_FILES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._most_files = most_files
        self._held: frozenset[str] = frozenset()
        folder.mkdir(parents=True, exist_ok=True)

    def hold(self, digests: frozenset[Digest]) -> None:
        """These stay until others are held."""
        self._held = frozenset(_name(digest) for digest in digests)

    def find(self, wanted: Digest) -> Path | None:
        """The file with this digest, now the one used last. One that went bad is taken away."""
        path = self._folder / _name(wanted)
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return None
        sound = found == path.name
        with suppress(OSError):  # a disk that went read-only still serves
            path.touch() if sound else path.unlink()
        return path if sound else None

    def part(self, wanted: Digest) -> Part:
        """What there is of a file so far. Raises UnloadableError: CacheUnwritable."""
        return Part(self._folder / f"{_name(wanted)}.part")

    def keep(self, part: Part, wanted: Digest) -> Path:
        """Give a finished file its name. Raises UnloadableError: CacheUnwritable."""
        path = self._folder / _name(wanted)
        part.finish(path)
        self._forget(self._most_bytes, self._most_files)
        return path

    def make_room(self) -> None:
        """The disk is full: only what is held stays."""
        self._forget(0, 0)

    def _forget(self, most_bytes: int, most_files: int) -> None:
        """Of files and parts of files that are not held, those used last stay, within both bounds."""
        files = size = 0
        for held, _, bytes_, file in sorted(self._listed(), reverse=True):
            files, size = files + 1, size + bytes_
            if not held and (files > most_files or size > most_bytes):
                with suppress(OSError):
                    file.unlink()

    def _listed(self) -> Iterator[tuple[bool, float, int, Path]]:
        """Whether it is held, when it was used last, how large it is, and which file."""
        for file in self._folder.iterdir():
            with suppress(OSError):  # another download has just been finished
                about = file.stat()
                yield file.stem in self._held, about.st_mtime, about.st_size, file


def _name(digest: Digest) -> str:
    return digest.removeprefix("sha256:")
