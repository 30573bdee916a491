"""The life of a Retrain on the acting side: copied before it is acted on, ended by its Job, once."""

from andon.api.conditions import Claim, claim, following
from andon.api.decision import ActedDecision, ActedState
from andon.api.types import Revision
from andon.core.approval import awaiting_approval
from andon.core.training.facts import Facts

KEPT_DECISIONS = 10


def expired(facts: Facts) -> list[ActedDecision] | None:
    """The decisions, once the Retrain that has no Job yet is about what is served no more; None while that is not so."""
    acting = facts.taken_over
    why = _expiry(facts, acting) if acting is not None and facts.job is None else None
    if acting is None or why is None:
        return None
    return [_ended(d, ActedState.EXPIRED, why) if d.id == acting.id else d for d in facts.status.decisions]


def with_outcome(facts: Facts, trained: Revision | None, failure: str | None) -> list[ActedDecision]:
    """The decisions of this pipeline with the Retrain at hand, and what came of it so far."""
    retrain = facts.retrain
    if retrain is None:
        return list(facts.status.decisions)
    others = [d for d in facts.status.decisions if d.id != retrain.id]
    return [*others, _settled(retrain, trained, failure)][-KEPT_DECISIONS:]


def told(facts: Facts, decisions: list[ActedDecision], doing: str) -> list[Claim]:
    """What there is to say about Retrains. doing: how far the run is."""
    waiting = facts.unapproved
    asked = [] if waiting is None else [awaiting_approval(waiting, "trainingpipeline", facts.namespace, facts.name)]
    return [*asked, *_story(facts, decisions, doing)]


def _story(facts: Facts, decisions: list[ActedDecision], doing: str) -> list[Claim]:
    newest = decisions[-1] if decisions else None
    if newest is not None and newest.state is ActedState.ACTING:
        said = claim("Retrained", False, "Retraining", f"{newest.id}: {doing}")
    elif facts.target is not None and facts.target.rival is not None:
        message = (
            f"TrainingPipeline {facts.target.rival} trains for {facts.target.name} too, and is older: it acts, not this one."
        )
        said = claim("Retrained", False, "TargetTaken", message)
    elif newest is not None:
        said = claim("Retrained", newest.state is ActedState.DONE, f"Retrain{newest.state}", f"{newest.id}: {newest.outcome}")
    else:
        return []
    return [following(said)]


def _expiry(facts: Facts, acting: ActedDecision) -> str | None:
    if facts.spec.promotion is None:
        return "spec.promotion no longer names a deployment"
    effective = facts.target.effective if facts.target else None
    if effective is None or effective == acting.from_:
        return None
    return f"version {acting.from_.version} is served no more, version {effective.version} is"


def _settled(retrain: ActedDecision, trained: Revision | None, failure: str | None) -> ActedDecision:
    if trained is not None:
        return _ended(retrain, ActedState.DONE, f"version {trained} was trained; commit it to have it judged and served")
    return _ended(retrain, ActedState.REFUSED, failure) if failure is not None else retrain


def _ended(decision: ActedDecision, state: ActedState, how: str) -> ActedDecision:
    return decision.model_copy(update={"state": state, "outcome": how[:1024]})
