"""How is an object, and what does it wait for? Told from its conditions alone, whatever its kind."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

Object = Mapping[str, Any]
"""A document as the API server has it."""

_END_OF_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_UNSEEN: Final = "The operator has not looked at it yet."


class Mood(StrEnum):
    """How something is, in the word that also chooses its colour."""

    GOOD = "good"
    BUSY = "busy"
    ASKS = "asks"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Standing:
    """ready: True, False or Unknown. reason: one stable word. waits_for: one sentence; empty where it waits for nothing."""

    mood: Mood
    ready: str
    reason: str
    waits_for: str


def standing(obj: Object) -> Standing:
    """The first that holds: a person is asked, only a person can help, on its way, ready, or not."""
    said = {condition["type"]: condition for condition in obj.get("status", {}).get("conditions", ())}
    ready = said.get("Ready")
    if ready is None:
        return Standing(Mood.UNKNOWN, "Unknown", "", _UNSEEN)
    for type_, mood in (("AwaitingApproval", Mood.ASKS), ("Stalled", Mood.BAD), ("Reconciling", Mood.BUSY)):
        if said.get(type_, {}).get("status") == "True":
            return Standing(mood, ready["status"], ready.get("reason", ""), first_sentence(said[type_].get("message", "")))
    if ready["status"] == "True":
        return Standing(Mood.GOOD, "True", ready.get("reason", ""), "")
    mood = Mood.UNKNOWN if ready["status"] == "Unknown" else Mood.BUSY
    return Standing(mood, ready["status"], ready.get("reason", ""), first_sentence(ready.get("message", "")))


def first_sentence(message: str) -> str:
    """Enough to know what is going on; the rest is in the object."""
    return _END_OF_SENTENCE.split(" ".join(message.split()), maxsplit=1)[0]


def clock(moment: datetime) -> str:
    """A time that does not move as one looks at it."""
    return f"{moment.astimezone(UTC):%d %b %H:%M:%S} UTC"
