"""Is the machine connected, and if not, what should somebody do about it?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Reason = Literal["Connected", "Connecting", "EndpointUnreachable", "TagUnknown"]


@dataclass(frozen=True, slots=True)
class Link:
    """How the driver stands to its machine; connected and ready differ when a tag is unknown."""

    connected: bool
    reason: Reason
    message: str

    @property
    def ready(self) -> bool:
        """Connected with every tag resolved."""
        return self.reason == "Connected"


def connecting(endpoint: str) -> Link:
    """No answer yet, no failure either."""
    return Link(False, "Connecting", f"Connecting to {endpoint}.")


def unreachable(endpoint: str, error: BaseException) -> Link:
    """The server does not answer, or not as an OPC UA server should."""
    detail = str(error) or type(error).__name__
    return Link(
        False,
        "EndpointUnreachable",
        f"{endpoint} does not answer ({detail}). Check that the OPC UA server runs and that spec.opcua.endpoint names it; "
        "the collector goes on trying.",
    )


def linked(endpoint: str, unknown: Mapping[str, str]) -> Link:
    """The server answers. unknown: tag name -> why it was not found."""
    if not unknown:
        return Link(True, "Connected", f"Connected to {endpoint}, every tag found.")
    tag, why = next(iter(sorted(unknown.items())))
    return Link(
        True,
        "TagUnknown",
        f"{len(unknown)} tag(s) not found at {endpoint}: {tag}: {why}. Correct spec.tags[name={tag}].node; "
        "the other tags are collected.",
    )
