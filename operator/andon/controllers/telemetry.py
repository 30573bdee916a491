"""What the operator says of itself: numbers for Prometheus, and whether it still hears and works, for the kubelet."""

import time
from collections import Counter as Counts
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from andon.api.decision import Decision, DecisionState
from andon.api.evidence import EvidenceSeries
from andon.api.missing import Missing
from andon.api.policy import HeldAction
from andon.controllers.informer import Object
from andon.controllers.queue import Key, KeyedQueue

LONGEST_SILENCE: Final = 180.0
"""Seconds without an answer to one of the watches, each of which asks anew every minute."""
LONGEST_RECONCILE: Final = 300.0
"""Seconds after which a reconcile, whose every wait has an end, hangs."""

_FIRST: Final = "the first watch"
_BUCKETS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Telemetry(Collector):
    """Counters and histograms as they come; depths and ages when they are asked for."""

    def __init__(
        self,
        queues: Callable[[], Mapping[str, KeyedQueue]],
        policies: Callable[[], Iterable[Object]] = lambda: (),
        actors: Callable[[], Iterable[Object]] = lambda: (),
    ) -> None:
        """queues: by kind. policies: all DriftPolicies there are. actors: all objects that act on decisions."""
        self.registry = CollectorRegistry()
        self._queues = queues
        self._policies = policies
        self._actors = actors
        self._newest: datetime | None = None
        labels = ("verdict", "reason")
        self._decisions = Counter("andon_decisions", "Decisions published.", labels, registry=self.registry)
        self._refused = Counter(
            "andon_actions_refused", "Actions that a guard rail refused.", ("reason",), registry=self.registry
        )
        self._lost = Counter(
            "andon_notifications_lost", "Events and CloudEvents that were given up.", ("reason",), registry=self.registry
        )
        self._seconds = Histogram("andon_reconcile_seconds", "Reconciles.", ("kind",), buckets=_BUCKETS, registry=self.registry)
        self.registry.register(self)

    def timed(self, kind: str, reconcile: Callable[[Key], Awaitable[float | None]]) -> Callable[[Key], Awaitable[float | None]]:
        """The same reconcile, with its time taken whether it succeeds or not."""
        seconds = self._seconds.labels(kind)

        async def reconciled(key: Key) -> float | None:
            with seconds.time():
                return await reconcile(key)

        return reconciled

    def decided(self, decisions: Iterable[Decision]) -> None:
        """These were published just now. reason: what is wrong with a tag, or the question that convicted a model."""
        for decision in decisions:
            self._decisions.labels(decision.verdict.value, decision.fault or decision.evidence.question).inc()

    def refused(self, held: Iterable[HeldAction]) -> None:
        """Guard rails began to hold these just now."""
        for action in held:
            self._refused.labels(action.reason).inc()

    def lost(self, reason: str) -> None:
        """Somebody was not told."""
        self._lost.labels(reason).inc()

    def saw(self, evidence: tuple[EvidenceSeries, ...] | Missing) -> None:
        """What Prometheus answered; no answer makes nothing younger."""
        if not isinstance(evidence, Missing) and evidence:
            self._newest = max(series.scraped for series in evidence)

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        depth = GaugeMetricFamily("andon_queue_depth", "Objects waiting for a reconcile or in one.", labels=["kind"])
        for kind, queue in self._queues().items():
            depth.add_metric([kind], queue.depth)
        yield depth
        yield self._open_decisions()
        if self._newest is not None:
            age = (datetime.now(UTC) - self._newest).total_seconds()
            yield GaugeMetricFamily("andon_newest_evidence_age_seconds", "Age of the newest evidence that was read.", value=age)

    def _open_decisions(self) -> GaugeMetricFamily:
        """Read from the cluster when it is asked for: gone with the decision, and there again after a restart.

        What a person rejected is open so that it is not asked again, and waits for nobody.
        """
        labels = ("namespace", "policy", "action", "verdict")
        found: Counts[tuple[str, ...]] = Counts()
        rejected = {pair for actor in self._actors() for pair in _rejected(actor)}
        for policy in self._policies():
            metadata = policy["metadata"]
            for decision in policy.get("status", {}).get("decisions", ()):
                waits = (metadata["namespace"], decision["id"]) not in rejected
                if decision.get("state") == DecisionState.OPEN.value and waits:
                    found[metadata["namespace"], metadata["name"], decision["action"], decision["verdict"]] += 1
        family = GaugeMetricFamily("andon_decision_open", "Decisions that wait to be settled.", labels=labels)
        for values, count in sorted(found.items()):
            family.add_metric(values, count)
        return family


def _rejected(actor: Object) -> Iterator[tuple[str, str]]:
    """Namespace and id of each decision that it was told not to carry out."""
    for rejection in actor.get("status", {}).get("rejected", ()):
        yield actor["metadata"]["namespace"], rejection["decision"]


class Pulse:
    """Signs of life: a watch that nobody answers, or a reconcile that never ends, is death, however well the loop turns."""

    def __init__(self, queues: Callable[[], Mapping[str, KeyedQueue]], now: Callable[[], float] = time.monotonic) -> None:
        self._queues = queues
        self._now = now
        self._answered = {_FIRST: now()}

    def answered(self, watch: str) -> None:
        """The API server took up this watch."""
        self._answered.pop(_FIRST, None)
        self._answered[watch] = self._now()

    @property
    def watches(self) -> int:
        """How many there are."""
        return len(self._answered.keys() - {_FIRST})

    def trouble(self) -> str | None:
        """What is dead, if something is."""
        watch, at = min(self._answered.items(), key=lambda entry: entry[1])
        if self._now() - at > LONGEST_SILENCE:
            return f"{watch} was not answered for {self._now() - at:.0f} s (limit {LONGEST_SILENCE:.0f} s)"
        for kind, queue in self._queues().items():
            if queue.longest > LONGEST_RECONCILE:
                return f"a reconcile of a {kind} takes {queue.longest:.0f} s (limit {LONGEST_RECONCILE:.0f} s)"
        return None
