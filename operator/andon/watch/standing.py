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
    WAITS = "waits"
    ASKS = "asks"
    BAD = "bad"
    UNKNOWN = "unknown"


_FIRST: Final = (("AwaitingApproval", Mood.ASKS), ("Stalled", Mood.BAD), ("Reconciling", Mood.BUSY))
_NOT_READY: Final = {"False": Mood.WAITS, "Unknown": Mood.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Standing:
    """ready: True, False or Unknown. reason: one stable word. message: why; empty where it waits for nothing."""

    mood: Mood
    ready: str
    reason: str
    message: str = ""

    @property
    def waits_for(self) -> str:
        """The sentence of the message that says it: what goes on by itself says last what is missing, all else says it first."""
        sentences = _END_OF_SENTENCE.split(" ".join(self.message.split()))
        return sentences[-1 if self.mood is Mood.BUSY else 0]


def standing(obj: Object) -> Standing:
    """The first that holds: a person is asked, only a person can help, on its way, ready, or not."""
    said = {condition["type"]: condition for condition in obj.get("status", {}).get("conditions", ())}
    ready = said.get("Ready")
    if ready is None:
        return Standing(Mood.UNKNOWN, "Unknown", "", _UNSEEN)
    for type_, mood in _FIRST:
        if said.get(type_, {}).get("status") == "True":
            return Standing(mood, ready["status"], ready.get("reason", ""), said[type_].get("message", ""))
    if ready["status"] == "True":
        return Standing(Mood.GOOD, "True", ready.get("reason", ""))
    return Standing(_NOT_READY[ready["status"]], ready["status"], ready.get("reason", ""), ready.get("message", ""))


def clock(moment: datetime) -> str:
    """A time that does not move as one looks at it."""
    return f"{moment.astimezone(UTC):%d %b %H:%M:%S} UTC"
