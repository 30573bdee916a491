"""What was convicted, as the registry and git remember it: a deployment whose status is lost reads both before it serves."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from andon.api.deployment import Quarantined

QUARANTINE_TAG: Final = "andon.quarantined"
"""Of a registry's version: the decision that convicted it, and the digest that it was about."""

_TAG: Final = re.compile(r"(?P<decision>d-[0-9a-f]{10}) (?P<digest>sha256:[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Conviction:
    """One revision that was rolled back. since: when git was told, where git remembers it."""

    version: str
    digest: str
    decision: str
    since: datetime | None = None


def tag_of(entry: Quarantined) -> str:
    """The value of the tag."""
    return f"{entry.decision} {entry.digest}"


def from_tag(version: str, value: str) -> Conviction | None:
    """What the tag of a version says; None where somebody wrote something else there."""
    said = _TAG.fullmatch(value.strip())
    return Conviction(version, said["digest"], said["decision"]) if said is not None else None
