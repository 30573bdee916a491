"""May it be done? Guard rails between what a verdict asks for and what is published; each refusal has a name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from andon.api.decision import ActedDecision, ActedState, Action, Authority, Decision, DecisionState
from andon.api.permissions import Allowance, Budget
from andon.api.types import delta, number
from andon.core.chain import Looks, Passed
from andon.core.drift.answer import PLANT
from andon.core.drift.asking import Case, case_id
from andon.core.drift.facts import Facts
from andon.core.drift.fleet import recent_verdicts
from andon.core.drift.reference import well_calibrated
from andon.core.drift.suspicion import suspects

_CHANGES: Final = frozenset({Action.ROLLBACK, Action.RETRAIN})
"""Actions that change what serves or will; the others only keep, ask or say."""
_MOST_QUARANTINES: Final = 5
"""Open at once: a policy's status has room for ten decisions, and a Rollback must find some."""
_LONGEST: Final = 4
"""Doublings after which a cool-down grows no more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One case and everything that may speak against it. standing: the decisions that there are."""

    facts: Facts
    case: Case
    standing: Sequence[Decision] = ()

    def others(self, done: Sequence[ActedDecision], now: datetime) -> list[ActedDecision]:
        """The same action done before: another decision than this one. What was refused was tried: by a gate, after training;
        by git, after serving went back. Only what expired was never begun.
        """
        mine = case_id(self.facts, self.case, now)
        return [d for d in done if d.action is self.case.action and d.id != mine and d.state is not ActedState.EXPIRED]


@dataclass(frozen=True, slots=True)
class Ruling:
    """reason: the guard rail that refuses, as one word; None: nothing is refused. instead: what may be done all the same."""

    because: str
    reason: str | None = None
    instead: Action | None = None


def dry_run(asked: Asked, now: datetime) -> Ruling | Passed:
    """The policy only says what it would do."""
    del now
    if asked.facts.spec.dry_run:
        return Ruling(f"{asked.case.action} would be asked for; spec.dryRun is true, so nothing is done.", "DryRun")
    return Passed("spec.dryRun is false.")


def expected_shift(asked: Asked, now: datetime) -> Ruling | Passed:
    """The plant is known to move now."""
    window = next((w for w in asked.facts.spec.expected_shift if w.from_ <= now <= w.to), None)
    if window is None or asked.case.verdict not in PLANT:
        return Passed("No shift of the plant is expected now, or it is not about one.")
    return Ruling(
        f"A shift is expected until {window.to.astimezone(UTC):%Y-%m-%d %H:%M} UTC ({window.reason}): noted.", "ExpectedShift"
    )


def room(asked: Asked, now: datetime) -> Ruling | Passed:
    """So many tags are kept out already that a person should look at the source."""
    del now
    standing = [d for d in asked.standing if d.state is DecisionState.OPEN and d.action is Action.QUARANTINE]
    if asked.case.action is not Action.QUARANTINE or len(standing) < _MOST_QUARANTINES:
        return Passed("There is room for it.")
    tags = ", ".join(tag for d in standing for tag in d.subjects[:1])
    return Ruling(f"{tags} are quarantined already, as many as one policy keeps: look at their source.", "QuarantinesFull")


def data_gate(asked: Asked, now: datetime) -> Ruling | Passed:
    """Nothing is trained on, and no training is asked for by, data that cannot be believed."""
    del now
    tags = [*asked.facts.faulty, *suspects(asked.facts)]
    if asked.case.action is not Action.RETRAIN or not tags:
        return Passed("No tag is at fault, or it is not about training.")
    return Ruling(f"{tags[0]} cannot be believed: training waits until it recovers.", "DataFaultOpen")


def calibration(asked: Asked, now: datetime) -> Ruling | Passed:
    """The reference was too short to act on what inputs alone say."""
    del now
    alone = asked.case.inputs_alone and asked.case.action is Action.RETRAIN
    if not alone or well_calibrated(asked.facts):
        return Passed("It does not rest on inputs alone, or the reference is long enough for that.")
    because = "No labels had a say, and the limits come from fewer than 100 blocks of the reference: it is only proposed."
    return Ruling(because, "CalibrationTooShort", Action.PROPOSE)


def nobody_trains(asked: Asked, now: datetime) -> Ruling | Passed:
    """There is no pipeline that could do it."""
    del now
    if asked.case.action is not Action.RETRAIN or asked.facts.pipelines:
        return Passed("There is somebody to do it.")
    target = asked.facts.spec.target_ref.name
    because = f"No TrainingPipeline has promotion.deploymentRef {target}: commit one, or train by hand; it is only proposed."
    return Ruling(because, "NoPipeline", Action.PROPOSE)


def one_way(asked: Asked, now: datetime) -> Ruling | Passed:
    """A rollback never leads into a revision that was convicted itself."""
    del now
    to, target = asked.case.to, asked.facts.target
    if to is None or target is None:
        return Passed("It leads back to no revision.")
    override = target.spec.model.overrides
    quarantined = {q.digest for q in target.status.quarantined if q.decision != override}
    convicted = {
        d.from_.digest for d in asked.facts.status.decisions if d.action is Action.ROLLBACK and d.from_ and d.id != override
    }
    if to.digest not in quarantined | convicted:
        return Passed(f"Version {to.version} was never convicted.")
    return Ruling(
        f"Version {to.version} was convicted before: going back to it would not help. Commit a third version.", "OneWay"
    )


def cooldown(asked: Asked, now: datetime) -> Ruling | Passed:
    """The same was done a short while ago; each repeat doubles the wait."""
    before = asked.others(asked.facts.done, now)
    if asked.case.action not in _CHANGES or not before:
        return Passed("The same was not done before.")
    lately = [d for d in before if now - d.decided <= delta(_allowance(asked.facts.spec.budget, asked.case.action).per)]
    wait = delta(asked.facts.spec.cooldown) * 2 ** min(max(len(lately) - 1, 0), _LONGEST)
    until = before[-1].decided + wait
    if now >= until:
        return Passed(f"The last {asked.case.action} was {_minutes(now - before[-1].decided)} ago (at least {_minutes(wait)}).")
    because = (
        f"{before[-1].id} was {_minutes(now - before[-1].decided)} ago: the next {asked.case.action} waits {_minutes(wait)}."
    )
    return Ruling(because, "CoolingDown")


def budget(asked: Asked, now: datetime) -> Ruling | Passed:
    """This target has had as many as it may."""
    seen, spent = _spent(asked, asked.facts.done, asked.facts.spec.budget, now)
    return Ruling(f"{seen} here, as spec.budget allows: a person must look at this.", "BudgetSpent") if spent else Passed(seen)


def namespace_budget(asked: Asked, now: datetime) -> Ruling | Passed:
    """The namespace has had as many as it may."""
    seen, spent = _spent(asked, asked.facts.namespace_acted, asked.facts.limits.namespace_budget, now)
    because = f"{seen} in this namespace, as the platform team allows: a person must look at this."
    return Ruling(because, "NamespaceBudgetSpent") if spent else Passed(seen)


def circuit_breaker(asked: Asked, now: datetime) -> Ruling | Passed:
    """Many deployments are told the same at once: that has one cause, and it is none of their models."""
    fleet, limit = asked.facts.fleet, asked.facts.limits.circuit_breaker
    if asked.case.action not in _CHANGES or fleet is None:
        return Passed("It changes nothing, or nothing is known of other deployments.")
    mine = recent_verdicts(asked.facts.status, delta(limit.window), now)
    for verdict in sorted({*fleet.told, asked.case.verdict}):
        count = fleet.told.get(verdict, 0) + (1 if verdict is asked.case.verdict and verdict not in mine else 0)
        if count >= limit.min_deployments and count > number(limit.share) * fleet.deployments:
            because = (
                f"{verdict} of {count} of {fleet.deployments} deployments within {limit.window}: "
                "look for what they share; nothing is changed meanwhile."
            )
            return Ruling(because, "CircuitOpen")
    return Passed("No verdict is shared by many deployments.")


def advice_only(asked: Asked, now: datetime) -> Ruling | Passed:
    """The policy gives it no more authority than to say so."""
    del now
    asks = asked.case.action in _CHANGES | {Action.QUARANTINE}
    if not asks or asked.facts.spec.authority.of(asked.case.action) is not Authority.ADVISE:
        return Passed("The policy gives the authority.")
    return Ruling(
        f"{asked.case.action} is advised; spec.authority.{asked.case.action} is Advise, so a person does it.", "AdviseOnly"
    )


def allowed(asked: Asked, now: datetime) -> Ruling:
    """Nothing speaks against it."""
    del now
    return Ruling(f"{asked.case.action} may be asked for.")


GUARDS: Final[Looks[Asked, Ruling]] = (  # the order is the policy; read it top to bottom
    dry_run,  # only say
    expected_shift,  # it was announced
    room,  # a policy keeps ten decisions
    data_gate,  # never train for, or on, a data fault
    calibration,  # too little is known to act
    nobody_trains,  # nobody to do it
    one_way,  # never back to what was convicted
    cooldown,  # not so soon
    budget,  # not so often here
    namespace_budget,  # nor around here
    circuit_breaker,  # not everywhere at once
    advice_only,  # a person does it
    allowed,
)


def _spent(asked: Asked, done: Sequence[ActedDecision], limits: Budget, now: datetime) -> tuple[str, bool]:
    """What was counted, in words, and whether that is all there may be."""
    action = asked.case.action
    if action not in _CHANGES:
        return "It is not counted.", False
    limit = _allowance(limits, action)
    count = sum(now - d.decided <= delta(limit.per) for d in asked.others(done, now))
    return f"{count} of {limit.max} {action}s within {limit.per}", count >= limit.max


def _allowance(limits: Budget, action: Action) -> Allowance:
    return limits.rollbacks if action is Action.ROLLBACK else limits.retrains


def _minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:.0f} min"
