"""Conditions: what a status says in words, by the Kubernetes API conventions and kstatus.

``Ready`` is always there. ``Reconciling`` and ``Stalled`` exist only while True and never together. A message is frozen when
its condition changes: moving numbers are metrics. One that only names things (tags, a pod's trouble) follows them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from andon.api.types import KeyedBy, Message, StatusModel, Text, Time, Whole, Word


class ConditionStatus(StrEnum):
    """True, False or Unknown, as Kubernetes writes them."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(StatusModel):
    """One thing that is true, false or unknown of an object, with the reason in one word and in one sentence."""

    type: Annotated[Word, Field(description="What this condition is about.")]
    status: Annotated[ConditionStatus, Field(description="Whether it holds.")]
    reason: Annotated[Word, Field(description="Why, as one stable word.")]
    message: Annotated[Message, Field(description="Why, in plain English, with the number, its limit and the next step.")] = ""
    last_transition_time: Annotated[Time, Field(description="When the status last changed.")]
    observed_generation: Annotated[Whole, Field(description="The metadata.generation this was said of.")] = 0


Conditions = Annotated[list[Condition], KeyedBy("type"), Field(max_length=16, description="What is true of this object now.")]


LastHandled = Annotated[
    Text | None, Field(description="The annotation andon.dev/reconcile, once what it asked for was looked at.")
]


class Claim(StatusModel):
    """A condition before it has a time: what a decision wants to say. follows: the message is not frozen."""

    type: Word
    status: ConditionStatus
    reason: Word
    message: str = ""
    follows: bool = False


def ready(reason: str, message: str = "") -> Claim:
    """All is as wanted."""
    return Claim(type="Ready", status=ConditionStatus.TRUE, reason=reason, message=message)


def not_ready(reason: str, message: str) -> Claim:
    """Not (yet) as wanted; say why and what comes next."""
    return Claim(type="Ready", status=ConditionStatus.FALSE, reason=reason, message=message)


def reconciling(reason: str, message: str) -> Claim:
    """On the way: Andon goes on by itself."""
    return Claim(type="Reconciling", status=ConditionStatus.TRUE, reason=reason, message=message)


def stalled(reason: str, message: str) -> Claim:
    """Stuck: only a person can move it."""
    return Claim(type="Stalled", status=ConditionStatus.TRUE, reason=reason, message=message)


def claim(type_: str, status: ConditionStatus | bool, reason: str, message: str = "") -> Claim:
    """A condition of a kind's own, such as GitInSync or Watched."""
    value = status if isinstance(status, ConditionStatus) else (ConditionStatus.TRUE if status else ConditionStatus.FALSE)
    return Claim(type=type_, status=value, reason=reason, message=message)


def following(said: Claim) -> Claim:
    """The same with a message that names what may change while the condition holds; it must hold no moving number."""
    return said.model_copy(update={"follows": True})


def summarise(claims: Iterable[Claim], before: Sequence[Condition], generation: int, now: datetime) -> list[Condition]:
    """The conditions to write: times and messages of what did not change are kept, so that saying the same is no write.

    Raises ValueError when the claims break the rules above: no Ready, or Reconciling and Stalled together.
    """
    said = {c.type: c for c in claims}
    if "Ready" not in said or {"Reconciling", "Stalled"} <= said.keys():
        raise ValueError(f"conditions must have Ready, and not both Reconciling and Stalled: {sorted(said)}")
    known = {c.type: c for c in before}
    return [_transition(c, known.get(c.type), generation, now) for _, c in sorted(said.items())]


def _transition(new: Claim, old: Condition | None, generation: int, now: datetime) -> Condition:
    same_status = old is not None and old.status == new.status
    same_story = same_status and old is not None and old.reason == new.reason and old.observed_generation == generation
    return Condition(
        type=new.type,
        status=new.status,
        reason=new.reason,
        message=old.message if same_story and old is not None and not new.follows else new.message[:1024],
        last_transition_time=old.last_transition_time if same_status and old is not None else now,
        observed_generation=generation,
    )


def without_readiness(said: Sequence[Condition]) -> list[Condition]:
    """What does not say how far the object is."""
    return [c for c in said if c.type not in {"Ready", "Reconciling", "Stalled"}]


def find(conditions: Sequence[Condition], type_: str) -> Condition | None:
    """The condition of this type, if it is there."""
    return next((c for c in conditions if c.type == type_), None)
