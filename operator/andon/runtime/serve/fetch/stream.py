"""What does every source give? Bytes from some place on, and a mark that tells this content from another at the same address."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

CHUNK: Final = 1 << 20
SILENCE: Final = 30.0
"""Seconds after which a source that sends nothing is given up."""


@dataclass(frozen=True, slots=True)
class Stream:
    """start: where the chunks begin, which is 0 when a source does not resume. mark: None where the source has none."""

    start: int
    mark: str | None
    chunks: AsyncIterator[bytes]


def shown(url: str) -> str:
    """An address for people: without a password, and without the query that signs it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
