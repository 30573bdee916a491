"""What was convicted, as the registry and git remember it: a deployment whose status is lost reads both before it serves."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

QUARANTINE_TAG: Final = "andon.quarantined"
"""Of a registry's version: the decisions that convicted it, each with the digest that it was about and the deployment."""

_ENTRY: Final = re.compile(r"(?P<decision>d-[0-9a-f]{10}) (?P<digest>sha256:[0-9a-f]{64}) (?P<whose>[a-z0-9.-]+/[a-z0-9-]+)")
_KEPT: Final = 40
"""MLflow keeps 5,000 characters of a tag."""


@dataclass(frozen=True, slots=True)
class Conviction:
    """One revision that was rolled back. whose: namespace/name of the deployment. since: when git was told, if git remembers."""

    version: str
    digest: str
    decision: str
    whose: str
    since: datetime | None = None


def tag_of(convictions: Iterable[Conviction]) -> str:
    """The value of the tag; the oldest ones go first."""
    return ", ".join(f"{c.decision} {c.digest} {c.whose}" for c in [*convictions][-_KEPT:])


def from_tag(version: str, value: str) -> tuple[Conviction, ...]:
    """What the tag of a version says. What somebody else wrote there is passed over."""
    said = (_ENTRY.fullmatch(entry.strip()) for entry in value.split(","))
    return tuple(Conviction(version, entry["digest"], entry["decision"], entry["whose"]) for entry in said if entry is not None)
