"""With labels: does the stable err more than it used to, in any regime?

A model may be right to err three times as much in one grade as in another, so each regime has its own usual error, where the
reference has enough labels of it; the others share that of all. Of several accounts the worst is told, less the logarithm of how
many were looked at.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from math import log
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from andon.stats.blocks import Evidence
from andon.stats.losses import StableError
from andon.stats.profile import ErrorReference, Profile

UNKNOWN_TOLERANCE: Final = 1.5
"""Where the usual error is learned from a hundred rows: how much it moves is not known from rows that a model was fitted to."""

Floats = NDArray[np.float64]


@dataclass(slots=True)
class Errors:
    """own: of regimes with a usual error of their own, once there were rows of them. shared: of all others."""

    epoch: float
    shared: StableError
    own: dict[str, StableError] = field(default_factory=dict)

    @classmethod
    def begin(cls, profile: Profile, now: float) -> Self:
        """Nothing is known but what the profile says."""
        return cls(now, _begun(profile.error, now))

    def expected(self, names: Sequence[str], profile: Profile) -> Floats:
        """The RMSE to go by in the regime of each row; NaN where it is not known yet."""
        usual = {name: self._of(name, profile).expected for name in dict.fromkeys(names)}
        return np.array([np.nan if usual[name] is None else usual[name] for name in names], dtype=np.float64)

    def fold(self, names: Sequence[str], rows: Sequence[tuple[float, float, bool]], profile: Profile) -> None:
        """Rows in order and the regime of each; see `StableError.fold`."""
        accounts = {name: self._of(name, profile) for name in dict.fromkeys(names)}
        for account in {id(one): one for one in accounts.values()}.values():
            account.fold([row for row, name in zip(rows, names, strict=True) if accounts[name] is account])

    def _of(self, name: str, profile: Profile) -> StableError:
        known = self.own.get(name)
        if known is None and (usual := profile.own_error(name)) is not None:
            known = self.own[name] = _begun(usual, self.epoch)
        return known or self.shared

    def evidence(self) -> list[Evidence]:
        """The question, once a block of any regime was held against the usual error."""
        said = [evidence for account in (self.shared, *self.own.values()) for evidence in account.evidence()]
        if len(said) < 2:
            return said
        worst = max(said, key=lambda one: one.log_e)
        rows, block = (sum(getattr(one, name) for one in said) for name in ("rows", "block"))
        newest = max(one.last_row for one in said)
        return [replace(worst, log_e=worst.log_e - log(len(said)), rows=rows, block=block, last_row=newest)]

    def report(self) -> dict[str, list[Evidence]]:
        """What each regime with an account of its own says."""
        return {name: account.evidence() for name, account in self.own.items()}

    def state(self) -> dict[str, Any]:
        """What `restore` goes on from; JSON."""
        return asdict(self)

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Self:
        """The errors as they were."""
        own = {name: StableError(**kept) for name, kept in state["own"].items()}
        return cls(state["epoch"], StableError(**state["shared"]), own)


def _begun(known: ErrorReference | None, now: float) -> StableError:
    if known is None:
        return StableError(None, sure=False, tolerance=UNKNOWN_TOLERANCE, epoch=now)
    tolerance = known.tolerance if known.held_out else max(known.tolerance, UNKNOWN_TOLERANCE)
    return StableError(known.rmse, sure=known.held_out, tolerance=tolerance, epoch=now)
