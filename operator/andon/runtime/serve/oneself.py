"""What does a server order for itself, given files on its command line? The same orders that an operator would write."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from andon.api.slots import SlotModel, Slots

NAMESPACE = "local"


class OneselfError(ValueError):
    """The message names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file, and the name that clients ask for."""

    name: str
    path: Path


def ordered(model: ModelFile, candidate: ModelFile | None, weight: int, threads: int) -> Slots:
    """The model as version 1, the candidate beside it as version 2. Raises OneselfError."""
    if candidate and candidate.name != model.name:
        raise OneselfError(f"the candidate is called {candidate.name!r}; it is judged beside {model.name!r} and has its name")
    try:
        return Slots(
            namespace=NAMESPACE,
            deployment=model.name,
            stable=_slot(model, "1"),
            candidate=_slot(candidate, "2") if candidate else None,
            weight=weight,
            threads=threads,
        )
    except ValidationError as error:
        raise OneselfError(str(error)) from error


def _slot(file: ModelFile, version: str) -> SlotModel:
    try:
        with file.path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise OneselfError(f"{file.path} cannot be read: {error.strerror}") from error
    return SlotModel(version=version, digest=f"sha256:{digest}", model=file.path.resolve().as_uri())
