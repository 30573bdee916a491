"""Which files of a folder are applied as they stand?"""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from andon.api.errors import UserError
from andon.lint.source import SourceError, documents

STDIN: Final = "-"
SHOWN: Final = {STDIN: "<stdin>"}
"""How findings call what is no file."""

_SUFFIXES: Final = (".yaml", ".yml", ".json")
_KUSTOMIZATIONS: Final = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})


def contents(where: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Names and contents. where: files, folders, or `-`. Raises UserError for what cannot be read."""
    for path in where:
        if path == STDIN:
            yield SHOWN[path], sys.stdin.buffer.read()
        elif Path(path).is_dir():
            yield from _below(Path(path))
        else:
            yield path, _read(Path(path))


def _below(folder: Path) -> Iterator[tuple[str, bytes]]:
    """What is applied as it stands: neither a Kustomization nor its patches, and no template of a chart."""
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        folders[:] = sorted(n for n in folders if not n.startswith(".") and not ("Chart.yaml" in names and n == "templates"))
        partial = {patch for name in _KUSTOMIZATIONS & set(names) for patch in _patches(here / name)}
        for name in sorted(names):
            file = here / name
            if file.is_file() and name.endswith(_SUFFIXES) and name not in _KUSTOMIZATIONS and file.resolve() not in partial:
                yield str(file), _read(file)


def _patches(kustomization: Path) -> Iterator[Path]:
    """Files that hold a part of an object. One that cannot be read is Kustomize's to complain of."""
    try:
        said = next((document.value for document in documents(str(kustomization), _read(kustomization))), None)
    except SourceError:
        return
    named = [patch.get("path") for patch in _list(said, "patches") if isinstance(patch, dict)]
    for path in [*named, *_list(said, "patchesStrategicMerge"), *_list(said, "patchesJson6902")]:
        if isinstance(path, str) and "\n" not in path:
            yield (kustomization.parent / path).resolve()


def _list(said: Any, key: str) -> list[Any]:
    value = said.get(key) if isinstance(said, dict) else None
    return value if isinstance(value, list) else []


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}; name files or folders that you may read") from error
