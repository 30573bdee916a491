"""Is what serves still right, and if not: has the meaning of the inputs changed, or has the plant moved?"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from andon.api.decision import Evidence, Verdict
from andon.api.evidence import (
    ERROR,
    FIT,
    OFF_SUPPORT,
    PREDICTION,
    REGIME,
    SETTLING,
    SHIFT,
    UNKNOWN_REGIME,
    EvidenceSeries,
)
from andon.api.types import short
from andon.core.chain import Looks, Passed
from andon.core.drift.answer import PLANT, Answer, frozen, odds
from andon.core.drift.facts import Facts
from andon.core.drift.movement import Movement, harm_stands, movement
from andon.core.drift.reference import erring, error_limit, fired
from andon.core.drift.sight import signals_missing
from andon.core.drift.signals import firing, newest, unread
from andon.core.drift.suspicion import coming, faults_behind_errors, suspects

_SETTLING_SHARE: Final = 0.75
"""Of the newest rows that must settle before it is said: a changeover that is over within a block changes no verdict."""


def nothing_served(facts: Facts, now: datetime) -> Answer | Passed:
    """The target has not served yet."""
    del now
    if facts.stable is None:
        return Answer(Verdict.NO_EVIDENCE, "NothingServed", "The deployment serves no revision yet.")
    return Passed(f"Version {facts.stable.version} serves.")


def too_few_rows(facts: Facts, now: datetime) -> Answer | Passed:
    """Too few rows since the server began to count that a model can be judged by: others that pass say nothing."""
    del now
    fit, least = facts.about(facts.stable, FIT), facts.spec.evidence.min_rows
    rows, share = (fit.rows, fit.value) if fit is not None else (0, 1.0)
    if rows >= least:
        return Passed(f"{rows} rows could be judged by (at least {least}).")
    because = f"A verdict rests on at least {least} rows; {coming(share)}."
    return Answer(Verdict.NO_EVIDENCE, "TooFewRows", because, facts.stable)


def regime_unsettled(facts: Facts, now: datetime) -> Answer | Passed:
    """The rows are of a regime that the reference does not know, or of none yet."""
    del now
    shares = _regime_shares(facts)
    if shares.get(SETTLING, 0.0) > _SETTLING_SHARE:
        because = "The machine settles after a changeover: its rows say nothing yet."
        return Answer(Verdict.NO_EVIDENCE, "Settling", because, facts.stable)
    if shares.get(UNKNOWN_REGIME, 0.0) > 0.5:
        because = "The machine is in a regime that the model's reference has never seen: train with rows of it."
        return Answer(Verdict.NO_EVIDENCE, "UnknownRegime", because, facts.stable)
    return Passed("The rows are of a regime that the reference knows.")


def data_suspect(facts: Facts, now: datetime) -> Answer | Passed:
    """Something looks wrong, and so does a tag that may be behind it: data faults come first, for a bounded time."""
    tags = suspects(facts)
    if not tags:
        return Passed("No tag is under suspicion.")
    if not (erring(facts, now) or fired(facts, SHIFT)):
        return Passed(f"{tags[0]} is under suspicion, but nothing is blamed on the model or the plant.")
    because = f"{tags[0]} looks wrong, and it is not certain yet: nothing is blamed on the model or the plant before it is."
    return Answer(Verdict.NO_EVIDENCE, "DataSuspect", because, facts.stable)


def concept_drift(facts: Facts, now: datetime) -> Answer | Passed:
    """Labels say that it errs more than in its reference, on inputs that are as in its reference."""
    error, shift = facts.about(facts.stable, ERROR), facts.about(facts.stable, SHIFT)
    if error is None or error.rows == 0:
        return Passed("No labels join the rows: whether inputs mean something else now cannot be seen.")
    if not erring(facts, now):
        return Passed(f"With labels its error is {error.value:.2f} times that of its reference ({odds(error)}).")
    if harm_stands(facts, now):
        return Passed(f"Its error is {error.value:.2f} times that of its reference, in rows in which the inputs had moved.")
    if fired(facts, SHIFT):
        return Passed(f"Its error is {error.value:.2f} times that of its reference, but the inputs have moved ({odds(shift)}).")
    because = (
        f"With labels the error of version {_version(facts)} is {error.value:.2f} times that of its reference "
        f"(limit {error_limit(facts):.2f}), while the inputs are as they were: what they mean has changed."
    )
    return Answer(Verdict.CONCEPT_DRIFT, "ConceptDrift", because, facts.stable, _error_numbers(error, facts))


def plant_moved(facts: Facts, now: datetime) -> Answer | Passed:
    """The inputs move together as they never did in the reference: with harm, without, or not known yet."""
    shift = facts.about(facts.stable, SHIFT)
    if shift is not None and harm_stands(facts, now):
        return _harmful_by_labels(facts, shift, "The inputs had moved together and are back")
    if shift is None or not fired(facts, SHIFT):
        return Passed(f"The inputs move as in the reference ({odds(shift)}).")
    seen = movement(facts, shift, now)
    if seen is Movement.AWAITING_LABELS:
        because = "The inputs have moved together; whether it harms is said when labels of enough such rows are there."
        return Answer(Verdict.NO_EVIDENCE, "LabelsAwaited", because, facts.stable)
    moved = f"The inputs have moved together, {shift.value:.1f} times the limit of the reference"
    return _HARM[seen](facts, shift, moved)


def predictions_moved(facts: Facts, now: datetime) -> Answer | Passed:
    """Predictions alone have moved: neither inputs nor labels say why."""
    del now
    series = facts.about(facts.stable, PREDICTION)
    if series is None or not fired(facts, PREDICTION):
        return Passed(f"Predictions are distributed as in the reference ({odds(series)}).")
    because = "Only the predictions have moved, and neither inputs nor labels say why: more labels would."
    return Answer(Verdict.UNKNOWN, "PredictionsMoved", because, facts.stable)


def own_signal(facts: Facts, now: datetime) -> Answer | Passed:
    """A signal of the user's own fires."""
    for signal, _ in firing(facts, now, PLANT):
        reading = newest(facts, signal.name)
        if reading is None:
            continue
        because = f"Signal {signal.name} is {reading.value:g} (limit {signal.fire})."
        numbers = Evidence(
            question=f"promql {signal.name}", rows=0, value=f"{reading.value:g}", limit=signal.fire, scraped=reading.sampled
        )
        return Answer(signal.verdict, signal.verdict.value, because, facts.stable, numbers)
    return Passed("No signal of your own fires." if facts.spec.signals else "The policy names no signal of your own.")


def own_signal_missing(facts: Facts, now: datetime) -> Answer | Passed:
    """A signal that the policy names cannot be read: that is not the same as all being well."""
    for signal in facts.spec.signals:
        missing = unread(facts, signal.promql.name, now) if signal.promql else None
        if missing is not None:
            return Answer(Verdict.UNKNOWN, missing.reason, missing.detail, facts.stable, missing=missing)
    return Passed("Every signal of your own can be read." if facts.spec.signals else "There is none that could be missing.")


def errors_of_data(facts: Facts, now: datetime) -> Answer | Passed:
    """It errs more, but a tag is or was at fault within the rows that say so."""
    tags = faults_behind_errors(facts, now)
    if not (tags and fired(facts, ERROR)):
        return Passed("No error is left that a tag at fault would explain.")
    because = f"It errs more than in its reference, but {tags[0]} is at fault within those rows: it is not blamed on the model."
    return Answer(Verdict.NO_EVIDENCE, "DataAtFault", because, facts.stable)


def nothing_wrong(facts: Facts, now: datetime) -> Answer:
    """Enough rows, and nothing speaks against the model."""
    del now
    return Answer(Verdict.HEALTHY, "Healthy", "Enough rows, and nothing speaks against the model.", facts.stable)


STABLE: Final[Looks[Facts, Answer]] = (  # the order is the policy; read it top to bottom
    signals_missing,  # an outage is neither healthy nor drift
    nothing_served,  # nobody is served yet
    too_few_rows,  # nothing rests on a handful of rows
    regime_unsettled,  # nothing to compare with
    data_suspect,  # data faults come first
    concept_drift,  # errs more on quiet inputs
    plant_moved,  # the inputs move: with harm or without
    own_signal,  # the user's word
    errors_of_data,  # not the model's
    predictions_moved,  # something, but nobody knows what
    own_signal_missing,  # what was to be looked at cannot be seen
    nothing_wrong,  # Healthy
)


def _regime_shares(facts: Facts) -> dict[str, float]:
    """Of the last rows, by regime, in the newest accumulation: a server that was replaced may have been elsewhere."""
    wanted = short(facts.stable.digest) if facts.stable else ""
    mine = [s for s in facts.seen if s.question == REGIME and s.revision == wanted]
    newest_epoch = max((s.epoch for s in mine), default=0)
    return {s.subject: s.value for s in mine if s.epoch == newest_epoch}


def _harmful_by_labels(facts: Facts, shift: EvidenceSeries, moved: str) -> Answer:
    error = facts.about(facts.stable, ERROR)
    times = f"{error.value:.2f}" if error else "?"
    because = f"{moved}, and with labels the error is {times} times that of the reference (limit {error_limit(facts):.2f})."
    since = shift.first_bad or (
        error.first_bad if error else None
    )  # small errors of a sound model may have begun to count before
    numbers = _error_numbers(replace(error, first_bad=since), facts) if error else _shift_numbers(shift)
    return Answer(Verdict.HARMFUL_SHIFT, "HarmfulShift", because, facts.stable, numbers)


def _harmful_off_support(facts: Facts, shift: EvidenceSeries, moved: str) -> Answer:
    off = facts.about(facts.stable, OFF_SUPPORT)
    share = f"{off.value:.0%}" if off else "many"
    because = f"{moved}, and {share} of the rows lie where the reference has none: the model was never taught there."
    numbers = frozen(off, f"{share} of the rows of the last block off support", "as in the reference") if off else None
    answer = numbers or _shift_numbers(shift)
    return Answer(Verdict.HARMFUL_SHIFT, "HarmfulShift", because, facts.stable, answer, inputs_alone=True)


def _benign_by_labels(facts: Facts, shift: EvidenceSeries, moved: str) -> Answer:
    because = f"{moved}, and with labels the model errs no more than before."
    return Answer(Verdict.BENIGN_SHIFT, "BenignShift", because, facts.stable, _shift_numbers(shift))


def _benign_inside(facts: Facts, shift: EvidenceSeries, moved: str) -> Answer:
    because = f"{moved}, inside what the model was taught; no labels say how it does there."
    return Answer(Verdict.BENIGN_SHIFT, "BenignShift", because, facts.stable, _shift_numbers(shift), inputs_alone=True)


_HARM: Final = {
    Movement.HARMFUL_BY_LABELS: _harmful_by_labels,
    Movement.HARMFUL_OFF_SUPPORT: _harmful_off_support,
    Movement.BENIGN_BY_LABELS: _benign_by_labels,
    Movement.BENIGN_INSIDE: _benign_inside,
}


def _shift_numbers(shift: EvidenceSeries) -> Evidence:
    return frozen(shift, f"{shift.value:.1f} times the limit of the reference", "1.0")


def _error_numbers(error: EvidenceSeries, facts: Facts) -> Evidence:
    return frozen(error, f"{error.value:.2f} times the error of the reference", f"{error_limit(facts):.2f}")


def _version(facts: Facts) -> str:
    return facts.stable.version if facts.stable else "?"
