"""Decisions: a verdict that asks for an action, frozen with its evidence when first made.

A policy publishes them in its own status; the controller that owns the effect copies one into its status before it acts.
"""

import hashlib
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field

from andon.api.types import Digest, FeatureName, KeyedBy, Message, Name, Revision, StatusModel, Text, Time, Whole


class Verdict(StrEnum):
    """What the evidence says about a model, or (DataFault) about a tag."""

    MODEL_REGRESSION = "ModelRegression"
    CONCEPT_DRIFT = "ConceptDrift"
    HARMFUL_SHIFT = "HarmfulShift"
    BENIGN_SHIFT = "BenignShift"
    HEALTHY = "Healthy"
    NO_EVIDENCE = "NoEvidence"
    UNKNOWN = "Unknown"
    DATA_FAULT = "DataFault"


class Action(StrEnum):
    """What a decision asks for. Hold asks for nothing, and so never becomes a decision."""

    QUARANTINE = "Quarantine"
    ROLLBACK = "Rollback"
    RETRAIN = "Retrain"
    PROPOSE = "Propose"
    ALERT = "Alert"
    HOLD = "Hold"


class Authority(StrEnum):
    """Advise: say. Confirm: ask, then act. Act: act, then say."""

    ADVISE = "Advise"
    CONFIRM = "Confirm"
    ACT = "Act"


class WriteBackMode(StrEnum):
    """How git is told: `Commit` onto the branch itself, `PullRequest` onto a branch of its own that a person merges."""

    COMMIT = "Commit"
    PULL_REQUEST = "PullRequest"


class DecisionState(StrEnum):
    """Only the policy that made a decision closes it."""

    OPEN = "Open"
    CLOSED = "Closed"


class Outcome(StrEnum):
    """What came of one check: it passed on to the next, or it answered and the chain ended there."""

    PASSED = "Passed"
    ANSWERED = "Answered"


class CheckSeen(StatusModel):
    """One check of a chain, and what it saw when the decision was made."""

    name: Annotated[Text, Field(description="What was checked, in words.")]
    outcome: Annotated[Outcome, Field(description="`Passed`: this was ruled out. `Answered`: this is the verdict's reason.")]
    saw: Annotated[Message, Field(description="The numbers it saw and their limits, in plain words.")]


class Evidence(StatusModel):
    """The numbers a decision was made from, as text, so that they never move."""

    question: Annotated[Text, Field(description="What was asked of the rows, for example `paired`.")]
    rows: Annotated[Whole, Field(description="Rows the answer rests on.")]
    value: Annotated[Text, Field(description="What was seen, with its unit.")]
    limit: Annotated[Text, Field(description="The limit it was held against.")]
    first_bad_row: Annotated[Time | None, Field(description="Time of the first row that counted against it.")] = None
    scraped: Annotated[Time, Field(description="Time of the Prometheus scrape that held the deciding block.")]


class Decision(StatusModel):
    """All but `state` and `closed` is frozen at the first write."""

    id: Annotated[Text, Field(description="Hash of target, action, from, to and override; of `since` too, unless Rollback.")]
    target: Annotated[Name, Field(description="The ModelDeployment it is about.")]
    action: Annotated[Action, Field(description="What is asked for.")]
    authority: Annotated[Authority, Field(description="Whether a person must approve first, as the policy said then.")] = (
        Authority.ACT
    )
    verdict: Annotated[Verdict, Field(description="What the evidence said.")]
    from_: Annotated[
        Revision | None, Field(alias="from", description="The revision the verdict is about; absent for a Quarantine.")
    ] = None
    to: Annotated[Revision | None, Field(description="The revision to serve instead, for a Rollback.")] = None
    subjects: Annotated[list[FeatureName], Field(max_length=64, description="The tags named, most responsible first.")] = Field(
        default_factory=list
    )
    fault: Annotated[
        Text | None, Field(description="What is wrong with the tags, for a Quarantine: `Stuck`, `Missing`, `Biased` and so on.")
    ] = None
    since: Annotated[Time, Field(description="When it was made.")]
    evidence: Annotated[Evidence, Field(description="The numbers it was made from.")]
    summary: Annotated[Message, Field(description="The verdict in plain words.")]
    checks: Annotated[
        list[CheckSeen], Field(max_length=32, description="The checks of the chain, in order, with what each saw.")
    ] = Field(default_factory=list)
    guards: Annotated[
        list[CheckSeen], Field(max_length=16, description="The guard rails that let it pass, in order, with what each saw.")
    ] = Field(default_factory=list)
    state: Annotated[DecisionState, Field(description="Open until the policy sees it settled.")] = DecisionState.OPEN
    closed: Annotated[Time | None, Field(description="When the policy saw it settled.")] = None


class ActedState(StrEnum):
    """How far the actor is. Expired: not approved in time, or nobody asks for it any more."""

    ACTING = "Acting"
    DONE = "Done"
    REFUSED = "Refused"
    EXPIRED = "Expired"


class ActedDecision(StatusModel):
    """An actor's own copy of a decision: enough to finish it when the policy is gone."""

    id: Annotated[Text, Field(description="The decision's id.")]
    policy: Annotated[Name, Field(description="The DriftPolicy that made it.")]
    action: Annotated[Action, Field(description="What was asked for.")] = Action.ROLLBACK
    verdict: Annotated[Verdict, Field(description="What the evidence said.")]
    from_: Annotated[Revision, Field(alias="from", description="The revision the verdict is about.")]
    to: Annotated[Revision | None, Field(description="The revision to serve instead, for a Rollback.")] = None
    summary: Annotated[Message, Field(description="The verdict in plain words.")]
    evidence: Annotated[Evidence, Field(description="The numbers it was made from.")]
    decided: Annotated[Time, Field(description="When the policy made it.")]
    state: Annotated[ActedState, Field(description="Acting until it is carried out, or nothing is left to do.")]
    outcome: Annotated[Message | None, Field(description="What came of it.")] = None
    commit: Annotated[Text | None, Field(description="The commit that told git.")] = None
    write_back: Annotated[WriteBackMode, Field(description="How git is told, as the policy said then.")] = WriteBackMode.COMMIT
    approved_by: Annotated[Text | None, Field(description="Who approved it, where somebody did: their username.")] = None

    @classmethod
    def of(cls, decision: Decision, policy: str, state: ActedState, approved_by: str | None = None) -> Self:
        """The actor's copy, at first sight. Raises ValueError for a decision about no revision: nobody can act by it."""
        if decision.from_ is None:
            raise ValueError(f"{decision.id} names no revision to act on")
        return cls(
            id=decision.id,
            policy=policy,
            action=decision.action,
            verdict=decision.verdict,
            from_=decision.from_,
            to=decision.to,
            summary=decision.summary,
            evidence=decision.evidence,
            decided=decision.since,
            state=state,
            approved_by=approved_by,
        )


class Rejection(StatusModel):
    """A person's no to a decision."""

    decision: Annotated[Text, Field(description="The decision's id.")]
    by: Annotated[Text, Field(description="Who rejected it: their username.")]
    since: Annotated[Time, Field(description="When the actor saw it.")]


Rejections = Annotated[
    list[Rejection],
    KeyedBy("decision"),
    Field(max_length=10, description="Decisions that a person rejected: they are not carried out. Newest last."),
]


def rollback_id(namespace: str, target: str, from_: Digest, to: Digest, override: str | None) -> str:
    """The same regression of the same revision is the same decision, however often and by whomever it is found."""
    return _id(namespace, target, Action.ROLLBACK, from_, to, override or "")


def quarantine_id(namespace: str, target: str, subject: str, fault: str, since: str) -> str:
    """A tag may fail again: each time is a decision of its own."""
    return _id(namespace, target, Action.QUARANTINE, subject, fault, since)


def occasion_id(namespace: str, target: str, action: Action, from_: Digest | None, since: str) -> str:
    """A Retrain, Propose or Alert: the same may be asked of the same revision again, each time with an id of its own."""
    return _id(namespace, target, action, from_ or "", since)


def _id(*parts: str) -> str:
    return "d-" + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:10]
