"""What do rows that a server scores by itself tell Prometheus? Names and labels as docs/wire.md has them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from andon.api.evidence import TAG_FAULTS
from andon.api.types import short
from andon.runtime.serve.rows.journal import Standing
from andon.runtime.serve.slots.loading import Loaded
from andon.stats.blocks import Evidence

MOST_ANSWERS: Final = 2000 // 7
"""A server exports at most 2,000 evidence series, seven to an answer: of many tags, those most at fault."""

CANDIDATE: Final = "candidate"
"""The subject of questions about a candidate; any other is about the stable or the rows it is served."""

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
    """Evidence as of one moment, and of whom: stable is whose profile the rows were held against, candidate who was compared."""

    stable: Loaded
    candidate: Loaded | None
    evidence: Sequence[Evidence]

    def about(self) -> Iterator[tuple[Evidence, Loaded]]:
        """Each answer with the revision it is about."""
        for evidence in self.evidence:
            whose = self.candidate if evidence.subject == CANDIDATE else self.stable
            if whose:
                yield evidence, whose

    @property
    def profile(self) -> str:
        """Eight digits of the profile's digest: the label of all that is held against it, whoever is judged."""
        return short(self.stable.slot.profile_digest or "")[:8]


class Tally:
    """Counters of this process, and the newest findings."""

    def __init__(self, namespace: str, deployment: str) -> None:
        self._whose = [namespace, deployment]
        self.unscored = 0
        self.labels = 0
        self.cursor = 0.0
        self.findings: Sequence[Finding] = ()
        self.outputs: Sequence[Standing] = ()

    def collect(self) -> Iterator[Metric]:
        """Everything, as of now."""
        yield CounterMetricFamily("andon_unscored_rows", "rows not scored, a needed value being absent", self.unscored)
        yield CounterMetricFamily("andon_labels", "labels joined with the prediction of their row", self.labels)
        yield GaugeMetricFamily("andon_rows_cursor_seconds", "time of the newest row taken in", self.cursor)
        yield from self._of_outputs()
        yield from self._of_evidence()

    def _of_outputs(self) -> Iterator[Metric]:
        sent = CounterMetricFamily("andon_output_sent", "predictions that reached their consumer", labels=["output"])
        lost = CounterMetricFamily("andon_output_lost", "predictions dropped before they could be sent", labels=["output"])
        behind = GaugeMetricFamily("andon_output_behind_rows", "predictions that wait to be sent", labels=["output"])
        for standing in self.outputs:
            sent.add_metric([standing.name], standing.sent)
            lost.add_metric([standing.name], standing.lost)
            behind.add_metric([standing.name], standing.behind)
        yield from (sent, lost, behind)

    def _of_evidence(self) -> Iterator[Metric]:
        exported = self._exported()
        labels = ["namespace", "deployment", "revision", "profile", "question", "subject"]
        for name, (about, number) in _EVIDENCE.items():
            family = GaugeMetricFamily(f"andon_evidence_{name}", about, labels=labels)
            for evidence, whose, profile in exported:
                value = number(evidence)
                if value is not None:
                    subject = [short(whose.slot.digest), profile, evidence.question, evidence.subject]
                    family.add_metric([*self._whose, *subject], value)
            yield family

    def _exported(self) -> list[tuple[Evidence, Loaded, str]]:
        """All that fits: of questions about tags those with the strongest evidence."""
        said = [(evidence, whose, f.profile) for f in self.findings for evidence, whose in f.about()]
        tags = sorted((one for one in said if one[0].question in TAG_FAULTS), key=lambda one: -one[0].log_e)
        return [*(one for one in said if one[0].question not in TAG_FAULTS), *tags][:MOST_ANSWERS]
