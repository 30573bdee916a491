"""What do the samples of one query say, once those of one question and subject are put together?"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from andon.api.evidence import Counted, EvidenceSeries, Landed, LandingKey, RevisionKey
from andon.api.missing import Missing

Labels = frozenset[tuple[str, str]]

_NAME: Final = "__name__"
_SCRAPED: Final = "andon_scraped"
_YEAR_10000: Final = 253_402_300_800.0
_REQUIRED: Final = ("log_e", "rows", "block", "epoch", "value")


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one series. labels: without the metric's name. value: may be NaN or infinite."""

    name: str
    labels: Labels
    value: float
    scraped: datetime

    def label(self, name: str) -> str:
        """The label's value, empty if it is not set, as Prometheus has it."""
        return next((value for key, value in self.labels if key == name), "")


def samples(result: Sequence[Any]) -> tuple[Sample, ...]:
    """An instant vector that holds series and, marked by the label `andon_scraped`, the scrape times of their label sets.

    A series whose label set has no scrape time is not there: it cannot be judged by age.
    Raises KeyError, TypeError, ValueError or AttributeError when it is anything else.
    """
    rows = [(dict(entry["metric"]), float(entry["value"][1])) for entry in result]
    scrapes = {_labels(metric): datetime.fromtimestamp(value, UTC) for metric, value in rows if _SCRAPED in metric}
    series = [(metric[_NAME], _labels(metric), value) for metric, value in rows if _SCRAPED not in metric]
    return tuple(Sample(name, labels, value, scrapes[labels]) for name, labels, value in series if labels in scrapes)


def evidence_series(found: Iterable[Sample]) -> tuple[EvidenceSeries, ...]:
    """One row per question and subject. While a server is replaced two export the same one: the newest accumulation counts."""
    exported: dict[Labels, dict[str, Sample]] = defaultdict(dict)
    for sample in found:
        exported[sample.labels][sample.name.removeprefix("andon_evidence_")] = sample
    newest: dict[tuple[str, ...], EvidenceSeries] = {}
    for one in sorted((_series(s) for s in exported.values()), key=lambda s: (s.epoch, s.block, s.scraped)):
        newest[one.namespace, one.deployment, one.revision, one.profile, one.question, one.subject] = one
    return tuple(newest[key] for key in sorted(newest))


def landed_records(found: Iterable[Sample]) -> Mapping[LandingKey, Landed | Missing]:
    """Per namespace, DataSource and tag. While a collector is replaced two export the same one: the newest scrape counts."""
    newest: dict[LandingKey, Landed | Missing] = {}
    for sample in sorted(found, key=lambda s: s.scraped):
        key = (sample.label("namespace"), sample.label("datasource"), sample.label("tag"))
        newest[key] = Landed(int(sample.value), sample.scraped) if math.isfinite(sample.value) else _not_a_number([sample])
    return newest


def counted_rows(found: Iterable[Sample]) -> Mapping[RevisionKey, Counted]:
    """Of every revision. While a server is replaced two export them: the newest scrape counts."""
    newest: dict[RevisionKey, dict[str, Sample]] = defaultdict(dict)
    for sample in sorted(found, key=lambda s: s.scraped):
        if math.isfinite(sample.value):
            newest[_revision(sample)][sample.name] = sample
    return {
        key: Counted(int(said["andon_scored_rows_total"].value), int(said["andon_failed_rows_total"].value))
        for key, said in newest.items()
        if {"andon_scored_rows_total", "andon_failed_rows_total"} <= said.keys()
    }


def counted_requests(found: Iterable[Sample]) -> Mapping[RevisionKey, Counted]:
    """Of every revision; of all replicas together."""
    totals: dict[RevisionKey, Counter[str]] = defaultdict(Counter)
    for sample in found:
        if math.isfinite(sample.value):
            totals[_revision(sample)][sample.name] += int(sample.value)
    return {key: Counted(said["andon_asked_requests_total"], said["andon_failed_requests_total"]) for key, said in totals.items()}


def _revision(sample: Sample) -> RevisionKey:
    return sample.label("namespace"), sample.label("deployment"), sample.label("revision")


def _series(exported: Mapping[str, Sample]) -> EvidenceSeries:
    some = next(iter(exported.values()))
    numbers = {name: sample.value for name, sample in exported.items()}
    missing = _missing(exported)
    sound = missing is None
    return EvidenceSeries(
        namespace=some.label("namespace"),
        deployment=some.label("deployment"),
        revision=some.label("revision"),
        profile=some.label("profile"),
        question=some.label("question"),
        subject=some.label("subject"),
        log_e=numbers["log_e"] if sound else math.nan,
        rows=int(numbers["rows"]) if sound else 0,
        block=int(numbers["block"]) if sound else 0,
        epoch=int(numbers["epoch"]) if sound else 0,
        value=numbers["value"] if sound else math.nan,
        first_bad=_instant(numbers.get("first_bad_seconds")),
        last_row=_instant(numbers.get("last_row_seconds")),
        scraped=some.scraped,
        missing=missing,
    )


def _missing(exported: Mapping[str, Sample]) -> Missing | None:
    some = next(iter(exported.values()))
    absent = [name for name in _REQUIRED if name not in exported]
    if absent:
        what = f"{some.label('question')} of {some.label('subject')} lacks andon_evidence_{absent[0]}"
        return Missing("NoSeries", f"{what}. Next: check that server and operator are of one version.")
    odd = [exported[name] for name in _REQUIRED if not math.isfinite(exported[name].value)]
    return _not_a_number(odd) if odd else None


def _not_a_number(odd: Sequence[Sample]) -> Missing:
    labels = ", ".join(f"{key}={value}" for key, value in sorted(odd[0].labels))
    return Missing("NotANumber", f"{odd[0].name}{{{labels}}} is {odd[0].value}. Next: see the log of the pod that exports it.")


def _instant(unix_seconds: float | None) -> datetime | None:
    if unix_seconds is None or not 0 < unix_seconds < _YEAR_10000:
        return None
    return datetime.fromtimestamp(unix_seconds, UTC)


def _labels(metric: Mapping[str, str]) -> Labels:
    return frozenset((key, value) for key, value in metric.items() if key not in {_NAME, _SCRAPED})
