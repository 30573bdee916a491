"""What does this server tell Prometheus? Names and labels as docs/wire.md has them.

Counting a request costs one list increment; the text is made when it is asked for.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from andon.api.types import short
from andon.runtime.serve.rows.tally import Tally
from andon.runtime.serve.slots.lineup import Lineup
from andon.runtime.serve.slots.loading import Loaded, Record

_BUCKETS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

_RECORDS: Final[Mapping[str, tuple[str, Callable[[Record], int]]]] = {
    "asked_requests": ("requests that were a slot's to answer", lambda record: record.asked),
    "failed_requests": ("of these, those without a finite answer of its own", lambda record: record.failed),
    "scored_rows": ("rows scored", lambda record: record.rows),
    "failed_rows": ("of these, those without a finite answer", lambda record: record.failed_rows),
}
"""Counter to what it is of, and where it stands."""


class Metrics(Collector):
    """Counters of this process. rows: of what it scores by itself."""

    def __init__(self, namespace: str, deployment: str, lineup: Lineup) -> None:
        self._whose = [namespace, deployment]
        self._lineup = lineup
        self._requests: Counter[int] = Counter()
        self._latencies = [0] * (len(_BUCKETS) + 1)
        self._seconds = 0.0
        self.fallbacks = 0
        self.rows = Tally(namespace, deployment)

    def request(self, code: int, seconds: float) -> None:
        """One inference request was answered."""
        self._requests[code] += 1
        self._latencies[bisect_left(_BUCKETS, seconds)] += 1
        self._seconds += seconds

    def text(self) -> bytes:
        """The exposition, text format 0.0.4."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)

    def describe(self) -> list[Metric]:
        """Nothing beforehand: labels come and go."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Everything, as of now."""
        yield from self._of_requests()
        yield from self.rows.collect()
        yield from self._of_slots()

    def _of_slots(self) -> Iterator[Metric]:
        """What is in each slot, and how it did: of a revision that is let go the record goes, too."""
        info = GaugeMetricFamily("andon_revision_info", "revisions by slot", labels=["slot", "version", "digest", "revision"])
        whose = ["namespace", "deployment", "slot", "revision"]
        counters = {name: CounterMetricFamily(f"andon_{name}", about, labels=whose) for name, (about, _) in _RECORDS.items()}
        for slot in ("stable", "candidate", "reference"):
            loaded: Loaded | None = getattr(self._lineup, slot)
            if loaded:
                revision = short(loaded.slot.digest)
                info.add_metric([slot, loaded.slot.version, loaded.slot.digest, revision], 1)
                for name, (_, number) in _RECORDS.items():
                    counters[name].add_metric([*self._whose, slot, revision], number(loaded.record))
        yield from (info, *counters.values())

    def _of_requests(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("andon_requests", "inference requests answered", labels=["code"])
        for code, count in sorted(self._requests.items()):
            requests.add_metric([str(code)], count)
        yield requests
        total, buckets = 0, []
        for bound, count in zip((*map(str, _BUCKETS), "+Inf"), self._latencies, strict=True):
            total += count
            buckets.append((bound, total))
        yield HistogramMetricFamily("andon_request_seconds", "time to answer an inference request", buckets, self._seconds)
        yield CounterMetricFamily("andon_fallback", "times a model raised or answered no finite number", self.fallbacks)
