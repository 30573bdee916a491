"""Decisions: a verdict that asks for an action, frozen with its evidence when first made.

A policy publishes them in its own status; the controller that owns the effect copies one into its status before it acts.
"""

import hashlib
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from andon.api.types import Digest, FeatureName, Message, Name, Revision, StatusModel, Text, Time, Whole


class Verdict(StrEnum):
    """What the evidence says about a model, or (DataFault) about a tag."""

    MODEL_REGRESSION = "ModelRegression"
    HEALTHY = "Healthy"
    NO_EVIDENCE = "NoEvidence"
    UNKNOWN = "Unknown"
    DATA_FAULT = "DataFault"


class Action(StrEnum):
    """What a decision asks for."""

    ROLLBACK = "Rollback"
    QUARANTINE = "Quarantine"


class DecisionState(StrEnum):
    """Only the policy that made a decision closes it."""

    OPEN = "Open"
    CLOSED = "Closed"


class Evidence(StatusModel):
    """The numbers a decision was made from, as text, so that they never move."""

    question: Annotated[Text, Field(description="What was asked of the rows, for example `paired`.")]
    rows: Annotated[Whole, Field(description="Rows the answer rests on.")]
    value: Annotated[Text, Field(description="What was seen, with its unit.")]
    limit: Annotated[Text, Field(description="The limit it was held against.")]
    first_bad_row: Annotated[Time | None, Field(description="Time of the first row that counted against it.")] = None
    scraped: Annotated[Time, Field(description="Time of the Prometheus scrape that held the deciding block.")]


class Decision(StatusModel):
    """All but `state` is frozen at the first write."""

    id: Annotated[Text, Field(description="Hash of target, action, from, to and override; of `since` too, unless Rollback.")]
    target: Annotated[Name, Field(description="The ModelDeployment it is about.")]
    action: Annotated[Action, Field(description="What is asked for.")]
    verdict: Annotated[Verdict, Field(description="What the evidence said.")]
    from_: Annotated[Revision | None, Field(alias="from", description="The revision found at fault, for a Rollback.")] = None
    to: Annotated[Revision | None, Field(description="The revision to serve instead, for a Rollback.")] = None
    subjects: Annotated[list[FeatureName], Field(max_length=64, description="The tags named, most responsible first.")] = Field(
        default_factory=list
    )
    fault: Annotated[
        Text | None, Field(description="What is wrong with the tags, for a Quarantine: `Stuck`, `Missing` or `BadStatus`.")
    ] = None
    since: Annotated[Time, Field(description="When it was made.")]
    evidence: Annotated[Evidence, Field(description="The numbers it was made from.")]
    summary: Annotated[Message, Field(description="The verdict in plain words.")]
    state: Annotated[DecisionState, Field(description="Open until the policy sees it settled.")] = DecisionState.OPEN


class ActedState(StrEnum):
    """How far the actor is."""

    ACTING = "Acting"
    DONE = "Done"
    REFUSED = "Refused"


class ActedDecision(StatusModel):
    """An actor's own copy of a decision: enough to finish it when the policy is gone."""

    id: Annotated[Text, Field(description="The decision's id.")]
    policy: Annotated[Name, Field(description="The DriftPolicy that made it.")]
    verdict: Annotated[Verdict, Field(description="What the evidence said.")]
    from_: Annotated[Revision, Field(alias="from", description="The revision found at fault.")]
    to: Annotated[Revision, Field(description="The revision to serve instead.")]
    summary: Annotated[Message, Field(description="The verdict in plain words.")]
    evidence: Annotated[Evidence, Field(description="The numbers it was made from.")]
    decided: Annotated[Time, Field(description="When the policy made it.")]
    state: Annotated[ActedState, Field(description="Acting until serving and git are both back, or nothing is left to do.")]
    outcome: Annotated[Message | None, Field(description="What came of it.")] = None
    commit: Annotated[Text | None, Field(description="The commit that told git.")] = None


def rollback_id(namespace: str, target: str, from_: Digest, to: Digest, override: str | None) -> str:
    """The same regression of the same revision is the same decision, however often and by whomever it is found."""
    return _id(namespace, target, Action.ROLLBACK, from_, to, override or "")


def quarantine_id(namespace: str, target: str, subject: str, fault: str, since: str) -> str:
    """A tag may fail again: each time is a decision of its own."""
    return _id(namespace, target, Action.QUARANTINE, subject, fault, since)


def _id(*parts: str) -> str:
    return "d-" + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:10]
