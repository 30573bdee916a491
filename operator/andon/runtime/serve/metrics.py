"""What does this server tell Prometheus? Names and labels as docs/wire.md has them.

Counting a request costs one list increment; the text is made when it is asked for.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from andon.api.evidence import TAG_FAULTS
from andon.api.types import short
from andon.runtime.serve.lineup import Lineup
from andon.runtime.serve.loading import Loaded
from andon.stats.blocks import Evidence

MOST_ANSWERS: Final = 2000 // 7
"""A server exports at most 2,000 evidence series, seven to an answer: of many tags, those most at fault."""

CANDIDATE: Final = "candidate"
"""The subject of questions about a candidate; any other is about the stable or the rows it is served."""

_BUCKETS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

_EVIDENCE: Final[Mapping[str, tuple[str, Callable[[Evidence], float | None]]]] = {
    "log_e": ("natural log of the e-value", lambda e: e.log_e),
    "rows": ("rows folded", lambda e: e.rows),
    "block": ("number of the last block folded", lambda e: e.block),
    "epoch": ("Unix seconds at which this accumulation began", lambda e: e.epoch),
    "value": ("what is asked, in the question's unit", lambda e: e.value),
    "first_bad_seconds": ("time of the first row that counted against it", lambda e: e.first_bad),
    "last_row_seconds": ("time of the newest row folded", lambda e: e.last_row),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Evidence as of one moment, and of whom."""

    stable: Loaded
    candidate: Loaded | None
    evidence: Sequence[Evidence]

    def exported(self) -> Iterator[tuple[Evidence, Loaded]]:
        """Each answer with the revision it is about."""
        tags = sorted((e for e in self.evidence if e.question in TAG_FAULTS), key=lambda e: -e.log_e)
        others = [e for e in self.evidence if e.question not in TAG_FAULTS]
        for evidence in (*others, *tags)[:MOST_ANSWERS]:
            whose = self.candidate if evidence.subject == CANDIDATE else self.stable
            if whose:
                yield evidence, whose


class Metrics(Collector):
    """Counters of this process, and the newest evidence."""

    def __init__(self, namespace: str, deployment: str, lineup: Lineup) -> None:
        self._whose = [namespace, deployment]
        self._lineup = lineup
        self._requests: Counter[int] = Counter()
        self._latencies = [0] * (len(_BUCKETS) + 1)
        self._seconds = 0.0
        self.fallbacks = 0
        self.scored: Counter[str] = Counter()
        self.unscored = 0
        self.labels = 0
        self.cursor = 0.0
        self.finding: Finding | None = None

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
        yield from self._of_rows()
        yield from self._of_evidence()
        slots = GaugeMetricFamily("andon_revision_info", "revisions by slot", labels=["slot", "version", "digest", "revision"])
        for slot in ("stable", "candidate", "reference"):
            loaded: Loaded | None = getattr(self._lineup, slot)
            if loaded:
                slots.add_metric([slot, loaded.slot.version, loaded.slot.digest, short(loaded.slot.digest)], 1)
        yield slots

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

    def _of_rows(self) -> Iterator[Metric]:
        scored = CounterMetricFamily("andon_scored_rows", "rows scored", labels=["slot"])
        for slot, count in sorted(self.scored.items()):
            scored.add_metric([slot], count)
        yield scored
        yield CounterMetricFamily("andon_unscored_rows", "rows not scored, a needed value being absent", self.unscored)
        yield CounterMetricFamily("andon_labels", "labels joined with the prediction of their row", self.labels)
        yield GaugeMetricFamily("andon_rows_cursor_seconds", "time of the newest row taken in", self.cursor)

    def _of_evidence(self) -> Iterator[Metric]:
        exported = list(self.finding.exported()) if self.finding else []
        labels = ["namespace", "deployment", "revision", "profile", "question", "subject"]
        for name, (about, number) in _EVIDENCE.items():
            family = GaugeMetricFamily(f"andon_evidence_{name}", about, labels=labels)
            for evidence, loaded in exported:
                value = number(evidence)
                if value is not None:
                    family.add_metric([*self._whose, *self._subject(evidence, loaded)], value)
            yield family

    def _subject(self, evidence: Evidence, loaded: Loaded) -> list[str]:
        """What is held against the stable's profile is labelled with it, whoever is judged."""
        profile = self.finding.stable.slot.profile_digest if self.finding else None
        return [short(loaded.slot.digest), short(profile or "")[:8], evidence.question, evidence.subject]
