"""What does it take to hand predictions over? A connection that is held while it lasts, and batches in order."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

Message = dict[str, Any]
Send = Callable[[Sequence[Message]], Awaitable[None]]


class OutputError(Exception):
    """Not handed over this time; the message says why, without anything secret.

    arrived: how many of a batch, from its first, the consumer has all the same.
    """

    def __init__(self, message: str, arrived: int = 0) -> None:
        super().__init__(message)
        self.arrived = arrived


class Sender(Protocol):
    """One consumer. most: predictions in a batch."""

    @property
    def most(self) -> int:
        """Predictions in a batch, at most."""
        ...

    def connected(self) -> AbstractAsyncContextManager[Send]:
        """A connection, and how to send over it; returning means that the consumer has the batch. Both raise OutputError."""
        ...
