"""What may a request's parameters be? Said in one way for every address that is read by cursor."""

from collections.abc import Iterable, Sequence
from typing import Final

from andon.api.types import seconds

LONGEST_WAIT_S: Final = 30.0


class BadQueryError(ValueError):
    """The message names the parameter and what to write instead."""


def check_names(given: Iterable[str], known: Sequence[str]) -> None:
    """Raises BadQueryError for a parameter that there is not."""
    for name in given:
        if name not in known:
            raise BadQueryError(f"{name}: not a parameter; there are {', '.join(known)}")


def duration(name: str, text: str) -> float:
    """Seconds. Raises BadQueryError."""
    try:
        return seconds(text)
    except ValueError as error:
        raise BadQueryError(f"{name}: {error}") from error


def wait(text: str) -> float:
    """Seconds to wait for something new. Raises BadQueryError."""
    longest = duration("wait", text)
    if longest > LONGEST_WAIT_S:
        raise BadQueryError(f"wait: {text} is longer than the limit of {LONGEST_WAIT_S:.0f}s")
    return longest


def clock(text: str | None) -> int:
    """The period of rows in milliseconds. Raises BadQueryError."""
    if text is None:
        raise BadQueryError("every: missing; write for example every=200ms")
    return round(duration("every", text) * 1000)


def whole(name: str, text: str, least: int, most: int) -> int:
    """A whole number. Raises BadQueryError."""
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise BadQueryError(f"{name}: {text!r} is not a whole number from {least} to {most}")
    return int(text)
