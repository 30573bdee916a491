"""What is known of the models, as one thing that can be taken back: rows that counted before a fault was found must not."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Self

from andon.stats.blocks import Evidence
from andon.stats.errors import Errors
from andon.stats.losses import Losses
from andon.stats.paired import Paired
from andon.stats.profile import Profile
from andon.stats.regimes import ByRegime


@dataclass(slots=True)
class Judgement:
    """paired, losses: about the candidate, None without one. errors: about the stable."""

    errors: Errors
    paired: ByRegime[Paired] | None = None
    losses: ByRegime[Losses] | None = None

    @classmethod
    def begin(cls, profile: Profile, now: float) -> Self:
        """Nothing is known but what the profile says."""
        return cls(Errors.begin(profile, now))

    def try_out(self, margin: float | None, now: float) -> None:
        """Another candidate, or none: evidence about candidates begins anew."""
        self.paired = None if margin is None else _accounts(Paired, margin, now)
        self.losses = None if margin is None else _accounts(Losses, margin, now)

    @property
    def _parts(self) -> Sequence[ByRegime[Paired] | ByRegime[Losses] | Errors]:
        return [part for part in (self.losses, self.paired, self.errors) if part is not None]

    def evidence(self) -> list[Evidence]:
        """Every answer about a model."""
        return [evidence for part in self._parts for evidence in part.evidence()]

    def report(self) -> dict[str, list[dict[str, Any]]]:
        """The same, regime by regime; JSON."""
        told: dict[str, list[dict[str, Any]]] = {}
        for part in self._parts:
            for name, evidence in part.report().items():
                told.setdefault(name, []).extend(asdict(one) for one in evidence)
        return told

    def state(self) -> dict[str, Any]:
        """What `restore` goes on from; JSON."""
        return {
            "errors": self.errors.state(),
            "paired": self.paired.state() if self.paired else None,
            "losses": self.losses.state() if self.losses else None,
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Self:
        """The judgement as it was; the state stays as it is, so that it can be gone back to again."""
        state = deepcopy(state)
        one = cls(Errors.restore(state["errors"]))
        if state["paired"] and state["losses"]:
            margin, epoch = (state["paired"]["whole"][name] for name in ("margin", "epoch"))
            one.paired = _accounts(Paired, margin, epoch).restore(state["paired"], _paired)
            one.losses = _accounts(Losses, margin, epoch).restore(state["losses"], Losses.restore)
        return one


def _accounts(kind: Callable[[float, float], Any], margin: float, now: float) -> ByRegime[Any]:
    begin = partial(kind, margin, now)
    return ByRegime(1 + margin, begin, begin())


def _paired(state: Mapping[str, Any]) -> Paired:
    return Paired(**state)
