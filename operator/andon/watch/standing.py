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
_SPENT: Final = {"Spent", "LeftBehind"}
"""Of a word that was obeyed and left where it stands, as people do: it asks nothing of anybody."""
_UNSEEN: Final = "The operator has not looked at it yet."


class Mood(StrEnum):
    """How something is, in the word that also chooses its colour."""

    GOOD = "good"
    BUSY = "busy"
    WAITS = "waits"
    ASKS = "asks"
    BAD = "bad"
    UNKNOWN = "unknown"


_CHAIN: Final = (  # the first that holds is said
    ("AwaitingApproval", "True", Mood.ASKS),
    ("Stalled", "True", Mood.BAD),
    ("AnnotationIgnored", "True", Mood.ASKS),
    ("Reconciling", "True", Mood.BUSY),
    ("Ready", "False", Mood.WAITS),
    ("Ready", "Unknown", Mood.UNKNOWN),
    ("DataFault", "True", Mood.BAD),  # what follows may be though all is ready
    ("ActionHeld", "True", Mood.WAITS),
    ("GitInSync", "False", Mood.WAITS),
)


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
    """The first link of the chain that holds; all is well where none does."""
    said = {condition["type"]: condition for condition in obj.get("status", {}).get("conditions", ())}
    if "Ready" not in said:
        return Standing(Mood.UNKNOWN, "Unknown", "", _UNSEEN)
    ready = said["Ready"]
    for type_, status, mood in _CHAIN:
        found = said.get(type_, {})
        if found.get("status") == status and found.get("reason") not in _SPENT:
            return Standing(mood, ready["status"], ready.get("reason", ""), found.get("message", ""))
    return Standing(Mood.GOOD, ready["status"], ready.get("reason", ""))


def clock(moment: datetime) -> str:
    """A time that does not move as one looks at it."""
    return f"{moment.astimezone(UTC):%d %b %H:%M:%S} UTC"
