"""How a decision is made: the first check in an ordered chain that has an answer."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

F = TypeVar("F")
A = TypeVar("A")

Check = Callable[[F, datetime], A | None]
Chain = tuple[Check[F, A], ...]


def first_answer(chain: Chain[F, A], facts: F, now: datetime) -> A:
    """Read the chain top to bottom. Raises LookupError when no check answers: a chain must end in one that always does."""
    for check in chain:
        answer = check(facts, now)
        if answer is not None:
            return answer
    raise LookupError(f"no check of the chain answered: {[check.__name__ for check in chain]}")
