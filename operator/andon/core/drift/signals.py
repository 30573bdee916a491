"""Does a signal of a user's own fire? Levels with a gap between them, and so many of the last samples."""

from datetime import datetime

from andon.api.decision import Verdict
from andon.api.evidence import Reading
from andon.api.missing import Missing
from andon.api.policy import SignalState, SignalStatus
from andon.api.signals import SAMPLES_KEPT, PromQL
from andon.api.types import number
from andon.core.drift.facts import Facts, Heard


def heard(before: Heard, new: Reading | Missing) -> Heard:
    """What to look back on after this answer; a reading of the same time is not a new one."""
    if isinstance(new, Missing):
        return Heard(before.readings, new)
    if before.readings and new.sampled <= before.readings[-1].sampled:
        return Heard(before.readings)
    return Heard((*before.readings, new)[-SAMPLES_KEPT:])


def states(facts: Facts, now: datetime) -> tuple[SignalStatus, ...]:
    """Where each signal of the spec stands, in its order."""
    before = {s.name: s for s in facts.status.signals}
    return tuple(
        _state(signal.promql, before.get(signal.promql.name), facts, now) for signal in facts.spec.signals if signal.promql
    )


def firing(facts: Facts, now: datetime, verdicts: frozenset[Verdict]) -> list[tuple[PromQL, SignalStatus]]:
    """Signals that speak for one of these verdicts now."""
    by_name = {s.name: s for s in states(facts, now)}
    mine = [s.promql for s in facts.spec.signals if s.promql and s.promql.verdict in verdicts]
    return [(signal, by_name[signal.name]) for signal in mine if by_name[signal.name].state is SignalState.FIRING]


def newest(facts: Facts, name: str) -> Reading | None:
    """The last number of a signal, if it is there."""
    return next(reversed(facts.signals.get(name, Heard()).readings), None)


def unread(facts: Facts, name: str, now: datetime) -> Missing | None:
    """Why there has been no number to go by for three intervals, if so."""
    last, known = newest(facts, name), facts.signals.get(name, Heard())
    if last is not None and (now - last.sampled).total_seconds() <= facts.limit:
        return None
    if known.missing is not None:
        return known.missing
    if last is None:
        return Missing("NoSeries", f"Signal {name} was not asked yet.")
    return Missing("Stale", f"The newest sample of signal {name} is older than {facts.limit:.0f} s.")


def _state(signal: PromQL, before: SignalStatus | None, facts: Facts, now: datetime) -> SignalStatus:
    missing = unread(facts, signal.name, now)
    if missing is not None:
        new = SignalStatus(name=signal.name, state=SignalState.MISSING, reason=missing.reason, since=now)
    else:
        standing = before is not None and before.state is SignalState.FIRING
        fires = _fires(signal, facts.signals[signal.name].readings, standing=standing)
        new = SignalStatus(name=signal.name, state=SignalState.FIRING if fires else SignalState.QUIET, since=now)
    same = before is not None and (before.state, before.reason) == (new.state, new.reason)
    return before if same and before is not None else new


def _fires(signal: PromQL, readings: tuple[Reading, ...], *, standing: bool) -> bool:
    """At or beyond `fire` often enough; once firing, until `clear` was reached as often."""
    fire, clear = number(signal.fire), number(signal.clear)
    up = 1 if fire > clear else -1
    values = [up * r.value for r in readings[-signal.hysteresis.of :]]
    if standing:
        return sum(v <= up * clear for v in values) < signal.hysteresis.samples
    return sum(v >= up * fire for v in values) >= signal.hysteresis.samples
