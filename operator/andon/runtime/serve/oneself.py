"""What does a server order for itself, given files on its command line? The same orders that an operator would write."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from andon.api.slots import Ack, SlotModel, Slots

NAMESPACE = "local"


class OneselfError(ValueError):
    """The message says what is wrong, and with which file."""


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


class Oneself:
    """A `Control` whose orders stay as they are: what cannot be loaded now is never served. orders: as `ordered` has them."""

    source = "--model"

    def __init__(self, orders: str) -> None:
        self._orders = orders

    async def orders(self) -> AsyncIterator[str]:
        """Once."""
        yield self._orders
        await asyncio.Event().wait()

    async def acknowledge(self, ack: Ack) -> None:
        """There is nobody to tell. Raises OneselfError for what could not be loaded."""
        if ack.error:
            raise OneselfError(ack.error.message)
