"""How a decision is made: the first check in an ordered chain that has an answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from andon.api.decision import CheckSeen, Outcome

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
    raise _unanswered([check.__name__ for check in chain])


@dataclass(frozen=True, slots=True)
class Passed:
    """A check has no answer. saw: what it looked at, in plain words, with the numbers and their limits."""

    saw: str


class Reasoned(Protocol):
    """An answer that says why."""

    @property
    def because(self) -> str:
        """In plain words, with the numbers and their limits."""
        ...


R = TypeVar("R", bound=Reasoned)

Look = Callable[[F, datetime], R | Passed]
Looks = tuple[Look[F, R], ...]


@dataclass(frozen=True, slots=True)
class Told(Generic[R]):
    """An answer, and what each check saw on the way to it, the answering one last."""

    answer: R
    checks: tuple[CheckSeen, ...]


def told(chain: Looks[F, R], facts: F, now: datetime) -> Told[R]:
    """The same of a chain whose checks say what they saw. Raises LookupError when no check answers."""
    checks: list[CheckSeen] = []
    for look in chain:
        said = look(facts, now)
        name = look.__name__.replace("_", " ")
        if not isinstance(said, Passed):
            return Told(said, (*checks, CheckSeen(name=name, outcome=Outcome.ANSWERED, saw=said.because[:1024])))
        checks.append(CheckSeen(name=name, outcome=Outcome.PASSED, saw=said.saw[:1024]))
    raise _unanswered([check.name for check in checks])


def _unanswered(names: list[str]) -> LookupError:
    return LookupError(f"no check of the chain answered: {names}")
