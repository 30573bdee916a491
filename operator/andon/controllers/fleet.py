"""How many deployments are told the same at once? Counted for all policies together."""

from datetime import datetime, timedelta
from typing import Final

from andon.api.config import CircuitBreaker
from andon.api.policy import DriftPolicyStatus
from andon.api.types import delta
from andon.controllers.informer import Informer
from andon.controllers.statuses import Statuses
from andon.core.drift.fleet import Fleet, fleet

_FRESH: Final = timedelta(seconds=1)


class FleetView:
    """One count a second serves everybody."""

    def __init__(self, informer: Informer, statuses: Statuses, breaker: CircuitBreaker) -> None:
        self._informer = informer
        self._statuses = statuses
        self._window = delta(breaker.window)
        self._counted: datetime | None = None
        self._fleet = Fleet()

    def now(self, now: datetime) -> Fleet:
        """What was said of all deployments within the breaker's window."""
        if self._counted is None or abs(now - self._counted) >= _FRESH:
            policies = self._informer.everywhere("DriftPolicy")
            self._fleet = fleet((self._statuses.of(p, DriftPolicyStatus) for p in policies), self._window, now)
            self._counted = now
        return self._fleet
