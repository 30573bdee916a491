"""Is the candidate worse anywhere? Its evidence over all rows, and over those of each regime.

A model may be as good as the other where the plant mostly is, and useless in the one grade that is made on Fridays. So it is
convicted by all rows, or by those of one regime: of the wealth that is bet, most is on all rows, and the rest is dealt out to the
regimes, which costs their evidence the logarithm of its share. And nobody is cleared while one regime speaks against it.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from math import log
from typing import Any, Final, Generic, Protocol, TypeVar

from andon.api.evidence import UNKNOWN_REGIME
from andon.stats.blocks import Evidence

ON_ALL_ROWS: Final = 0.9
FEWEST_BLOCKS: Final = 10
"""Of one regime before it convicts by itself: neighbouring errors are alike, and a few blocks do not show how much."""


class Account(Protocol):
    """What is summed up over rows, whose times come first. evidence: against the candidate, and for it; none before a block."""

    def fold(self, rows: Sequence[Any], /) -> None:
        """Rows in order."""

    def evidence(self) -> list[Evidence]:
        """Both answers, or none."""

    def state(self) -> dict[str, Any]:
        """JSON."""


A = TypeVar("A", bound=Account)


@dataclass(slots=True)
class ByRegime(Generic[A]):
    """limit: ratio of the errors beyond which a regime speaks against the candidate. begin: an account, empty.

    parts: per regime, as soon as there are two of them; until then the whole is that of the only one.
    """

    limit: float
    begin: Callable[[], A]
    whole: A
    only: str | None = None
    parts: dict[str, A] = field(default_factory=dict)

    def fold(self, names: Sequence[str], rows: Sequence[Any]) -> None:
        """Rows in order, and the regime of each; of a row whose regime is forgotten only the whole is told."""
        for name in dict.fromkeys(names):
            self._know(name)
        self.whole.fold(rows)
        if self.parts:
            for name in dict.fromkeys(n for n in names if n in self.parts):
                self.parts[name].fold([row for row, its in zip(rows, names, strict=True) if its == name])

    def _know(self, name: str) -> None:
        if name in {UNKNOWN_REGIME, self.only, *self.parts}:
            return
        if self.only is None and not self.parts:
            self.only = name
            return
        if self.only is not None:
            self.parts, self.only = {self.only: deepcopy(self.whole)}, None
        self.parts[name] = self.begin()

    def evidence(self) -> list[Evidence]:
        """Both answers over all regimes: how much speaks against the candidate wherever that is most, and for it everywhere."""
        whole = self.whole.evidence()
        if not whole or not self.parts:
            return whole
        parts = [part.evidence() for part in self.parts.values()]
        against = [of_part[0] for of_part in parts if of_part and of_part[0].block >= FEWEST_BLOCKS]
        return [self._against(whole[0], against), self._for(whole[1], [of_part[1] for of_part in parts if of_part])]

    def _against(self, whole: Evidence, parts: list[Evidence]) -> Evidence:
        """Of what is worse than is allowed, that of which most speaks against the candidate."""
        share = log(1 - ON_ALL_ROWS) - log(len(self.parts))
        told = [replace(whole, log_e=whole.log_e + log(ON_ALL_ROWS)), *(replace(p, log_e=p.log_e + share) for p in parts)]
        worst = max(told, key=lambda one: (one.value > self.limit, one.log_e))
        return replace(whole, log_e=worst.log_e, value=worst.value, first_bad=worst.first_bad)

    def _for(self, whole: Evidence, parts: list[Evidence]) -> Evidence:
        worst = max((part.value for part in parts), default=0.0)
        if worst <= self.limit:
            return whole
        return replace(whole, log_e=min(whole.log_e, 0.0), value=max(worst, whole.value))

    def report(self) -> dict[str, list[Evidence]]:
        """What each regime says."""
        parts = self.parts or ({} if self.only is None else {self.only: self.whole})
        return {name: part.evidence() for name, part in parts.items()}

    def state(self) -> dict[str, Any]:
        """What `restore` goes on from; JSON."""
        parts = {name: part.state() for name, part in self.parts.items()}
        return {"whole": self.whole.state(), "only": self.only, "parts": parts}

    def restore(self, state: dict[str, Any], made: Callable[[dict[str, Any]], A]) -> "ByRegime[A]":
        """As it was. made: an account of its state."""
        self.whole, self.only = made(state["whole"]), state["only"]
        self.parts = {name: made(part) for name, part in state["parts"].items()}
        return self
