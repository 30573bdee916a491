"""Is the candidate fit to serve? The same rows through it and the stable decide, whatever the plant does meanwhile."""

from datetime import UTC, datetime
from typing import Final

from andon.api.decision import Evidence, Verdict
from andon.api.evidence import FIT, LOSS, LOSS_EQUAL, PAIRED, PAIRED_EQUAL, EvidenceSeries
from andon.api.types import number
from andon.core.chain import Looks, Passed
from andon.core.drift.answer import Answer, frozen, odds
from andon.core.drift.facts import Facts
from andon.core.drift.levels import LOSS_ACQUIT, LOSS_CONVICT, LOSS_CONVICT_EARLY, PAIRED_ACQUIT, PAIRED_CONVICT, asked
from andon.core.drift.sight import signals_missing
from andon.core.drift.signals import firing, newest
from andon.core.drift.suspicion import coming, suspects

_QUESTIONS: Final = (LOSS, LOSS_EQUAL, PAIRED, PAIRED_EQUAL)
_MOST_COUNTED: Final = 9.995
"""The server counts no block for more than ten times the stable's error: where all are such, it may be more."""


def too_few_rows(facts: Facts, now: datetime) -> Answer | Passed:
    """Not enough rows were scored by both, labelled or not."""
    del now
    rows = max((s.rows for q in _QUESTIONS if (s := facts.about(facts.candidate, q)) is not None), default=0)
    least = facts.spec.evidence.min_rows
    if rows >= least:
        return Passed(f"{_named(facts).capitalize()} and {_other(facts)} scored the same {rows} rows (at least {least}).")
    fit = facts.about(facts.stable, FIT)
    because = f"{_named(facts).capitalize()} is judged on at least {least} rows; {coming(fit.value if fit else 1.0)}."
    return Answer(Verdict.NO_EVIDENCE, "TooFewRows", because, facts.candidate)


def data_suspect(facts: Facts, now: datetime) -> Answer | Passed:
    """A tag is on its way to a conviction: data faults come first, for a bounded time."""
    del now
    tags = suspects(facts)
    if not tags:
        return Passed("No tag is under suspicion.")
    because = f"{tags[0]} looks wrong, and it is not certain yet: {_named(facts)} is not judged by its rows."
    return Answer(Verdict.NO_EVIDENCE, "DataSuspect", because, facts.candidate)


def worse_with_labels(facts: Facts, now: datetime) -> Answer | Passed:
    """Labels say that the candidate errs more than the stable on the same rows, by more than the margin."""
    del now
    series = _ripe(facts, LOSS)
    if isinstance(series, Passed):
        return series
    early = series.rows < 2 * facts.spec.evidence.min_rows
    if series.log_e < (LOSS_CONVICT_EARLY if early else LOSS_CONVICT) or series.value <= _limit(facts):
        times = f"{series.value:.2f} times {_other(facts)}'s"
        return Passed(f"With labels its error is {times}; not worse for certain ({odds(series)}).")
    least = "at least " if series.value >= _MOST_COUNTED else ""
    times = f"{least}{series.value:.2f} times"
    because = f"On the same {series.rows} labelled rows the error of {_named(facts)} is {times} {_others(facts)}."
    return _convicted(facts, because, _numbers(series, facts, least))


def equal_with_labels(facts: Facts, now: datetime) -> Answer | Passed:
    """Labels say that the candidate is within the margin."""
    del now
    series = _ripe(facts, LOSS_EQUAL)
    if isinstance(series, Passed):
        return series
    if series.log_e < LOSS_ACQUIT or series.value >= _limit(facts):
        return Passed(f"With labels it is not within the margin for certain ({odds(series)}).")
    because = (
        f"On the same {series.rows} labelled rows {_named(facts)} stays within {_limit(facts):.2f} times the stable's error."
    )
    return Answer(Verdict.HEALTHY, "Healthy", because, facts.candidate)


def worse_without_labels(facts: Facts, now: datetime) -> Answer | Passed:
    """Its predictions differ by more than the stable's own error can explain; labels are few and do not speak for it."""
    del now
    labelled, series = facts.about(facts.candidate, LOSS), _scored(facts, PAIRED)
    if isinstance(series, Passed):
        return series
    if labelled is not None and labelled.rows >= facts.spec.evidence.min_rows:
        return Passed("Enough of its rows have labels, so labels decide.")
    if labelled is not None and labelled.rows > 0 and labelled.value <= _limit(facts):
        return Passed("Labels join its rows, and they do not say that it is worse.")
    if series.log_e < asked(PAIRED_CONVICT, facts.spec.evidence):
        return Passed(f"Its predictions differ no more than {_other(facts)}'s own error explains ({odds(series)}).")
    because = (
        f"On the same {series.rows} rows the error of {_named(facts)} is at least {series.value:.2f} times {_others(facts)}."
    )
    return _convicted(facts, because, _numbers(series, facts, "at least "), inputs_alone=True)


def equal_without_labels(facts: Facts, now: datetime) -> Answer | Passed:
    """No labels: its predictions are those of a model within the margin."""
    del now
    labelled, series = facts.about(facts.candidate, LOSS), _scored(facts, PAIRED_EQUAL)
    if labelled is not None and labelled.rows > 0:
        return Passed("Labels join its rows, so labels decide.")
    if isinstance(series, Passed):
        return series
    if series.log_e < PAIRED_ACQUIT:
        return Passed(f"Nor are its predictions near enough to the stable's ({odds(series)}).")
    because = f"On the same rows {_named(facts)} stays within {_limit(facts):.2f} times the error of the stable."
    return Answer(Verdict.HEALTHY, "Healthy", because, facts.candidate)


def own_signal(facts: Facts, now: datetime) -> Answer | Passed:
    """A signal of the user's own fires, and it began after the candidate was put to judgement."""
    began = _judged_since(facts)
    fired = firing(facts, now, frozenset({Verdict.MODEL_REGRESSION}))
    mine = [signal for signal, state in fired if began is not None and state.since >= began]
    if not mine:
        return Passed("No signal of your own that speaks of the model began to fire since it is judged.")
    signal, reading = mine[0], newest(facts, mine[0].name)
    if reading is None:
        return Passed(f"Signal {signal.name} fires, and its number is gone.")
    because = f"Signal {signal.name} is {reading.value:g} (limit {signal.fire}) since {_named(facts)} is judged."
    numbers = Evidence(
        question=f"promql {signal.name}", rows=0, value=f"{reading.value:g}", limit=signal.fire, scraped=reading.sampled
    )
    return _convicted(facts, because, numbers)


def undecided(facts: Facts, now: datetime) -> Answer:
    """The rows speak neither for nor against the candidate yet."""
    del now
    because = f"The rows speak neither for nor against {_named(facts)} yet."
    return Answer(Verdict.NO_EVIDENCE, "Undecided", because, facts.candidate)


CANDIDATE: Final[Looks[Facts, Answer]] = (  # the order is the policy; read it top to bottom
    signals_missing,  # an outage is neither healthy nor drift
    too_few_rows,  # nothing rests on a handful of rows
    data_suspect,  # data faults come first
    worse_with_labels,  # what is known decides
    equal_with_labels,
    worse_without_labels,  # where labels are few and do not speak for it
    equal_without_labels,
    own_signal,  # the user's word, if it began with the candidate
    undecided,  # not yet
)


def _convicted(facts: Facts, because: str, evidence: Evidence, *, inputs_alone: bool = False) -> Answer:
    return Answer(Verdict.MODEL_REGRESSION, "ModelRegression", because, facts.candidate, evidence, inputs_alone)


def _ripe(facts: Facts, question: str) -> EvidenceSeries | Passed:
    """The answer to a labelled question, once it rests on enough rows."""
    series, least = facts.about(facts.candidate, question), facts.spec.evidence.min_rows
    if series is None or series.rows == 0:
        return Passed("No labels have joined its rows.")
    return series if series.rows >= least else Passed(f"Only {series.rows} of its rows have labels (at least {least}).")


def _scored(facts: Facts, question: str) -> EvidenceSeries | Passed:
    """The answer to a label-free question, once it rests on enough rows."""
    series, least = facts.about(facts.candidate, question), facts.spec.evidence.min_rows
    return series if series is not None and series.rows >= least else Passed(f"Fewer than {least} rows were scored by both.")


def _judged_since(facts: Facts) -> datetime | None:
    """When the server began to count its rows."""
    series = facts.about(facts.candidate, PAIRED) or facts.about(facts.candidate, LOSS)
    return datetime.fromtimestamp(series.epoch, UTC) if series is not None else None


def _numbers(series: EvidenceSeries, facts: Facts, least: str) -> Evidence:
    return frozen(series, f"{least}{series.value:.2f} times {_other(facts)}'s error", f"{_limit(facts):.2f}")


def _limit(facts: Facts) -> float:
    return 1 + number(facts.spec.evidence.margin)


def _others(facts: Facts) -> str:
    beside = facts.before(facts.candidate) if facts.candidate else None
    return f"that of version {beside.version if beside else '?'} (limit {_limit(facts):.2f})"


def _other(facts: Facts) -> str:
    """What it is held against, as the messages call it."""
    return "its predecessor" if facts.promoted else "the stable"


def _named(facts: Facts) -> str:
    return f"version {facts.candidate.version}" if facts.candidate else "the candidate"
