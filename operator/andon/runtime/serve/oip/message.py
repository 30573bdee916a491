"""What does an inference request ask, whichever way it came?"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from andon.runtime.serve.model import Array


class RequestError(ValueError):
    """A request that cannot be answered as it stands. status: the HTTP status, 4xx or 5xx."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class BusyError(RequestError):
    """A request that could be answered later. after: seconds."""

    def __init__(self, message: str, after: int = 1) -> None:
        super().__init__(503, message)
        self.after = after


class Given(NamedTuple):
    """One input as it was sent: nothing of it is believed yet.

    data: raw little-endian bytes, a list as JSON has it, or an array of a type that can hold every value of the datatype.
    """

    name: str
    datatype: object
    shape: object
    data: "bytes | memoryview | list[Any] | Array | None"


class Message(NamedTuple):
    """A request as it was sent.

    outputs: the names asked for and whether as raw bytes, in order; empty: all. raw: how those not named are written. asset: the
    machine it is about, for which the same revision goes on answering.
    """

    inputs: Mapping[str, Given]
    outputs: Mapping[str, bool]
    raw: bool = False
    id: str | None = None
    asset: str | None = None


_KINDS: Final = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}


def kind(value: object) -> str:
    """What a JSON value is, in words."""
    return _KINDS.get(type(value), "a number")


def listed(names: Iterable[str]) -> str:
    """Names in a sentence, as many and as much of each as a person reads."""
    return ", ".join(repr(name[:200]) for name in names)[:1000] or "none"
