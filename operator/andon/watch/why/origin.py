"""Where does a prediction come from: which model, trained by what from which data, served on whose word?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from andon.api.deployment import ModelDeploymentStatus, Served
from andon.watch.why.answer import Explained
from andon.watch.why.registry import Registered


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known, each with what it is called. remarks: what could not be asked."""

    facts: Mapping[str, str]
    remarks: tuple[str, ...] = ()


def origin(
    why: Explained, model: str | None, status: ModelDeploymentStatus, registered: Registered, remarks: tuple[str, ...] = ()
) -> Origin:
    """Model, data, people and commits behind a prediction; what nobody knows is left out."""
    digest = why.prediction.digest
    known = {
        "model": f"{model or 'a file'}, version {why.prediction.version}",
        "digest": digest,
        "profile": why.profile_digest,
        "pipeline": _pipeline(registered),
        "data": _data(registered),
        "manifest": registered.manifest,
        "served": _served(next((s for s in reversed(status.history) if s.digest == digest), None)),
        **_decided(digest, status),
    }
    return Origin({name: text for name, text in known.items() if text}, remarks)


def _pipeline(registered: Registered) -> str | None:
    if registered.pipeline is None:
        return None
    spec = f", spec {registered.spec}" if registered.spec else ""
    return f"{registered.pipeline}{spec}" + (f", for {registered.decision}" if registered.decision else "")


def _data(registered: Registered) -> str | None:
    if registered.rows is None:
        return None
    when = f", {registered.first} to {registered.last}" if registered.first and registered.last else ""
    return f"{registered.rows} rows of {registered.files} files{when}"


def _served(entry: Served | None) -> str | None:
    if entry is None:
        return None
    by = f", on the word of {entry.by}" if entry.by else ""
    return f"since {entry.since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC{by}"


def _decided(digest: str, status: ModelDeploymentStatus) -> dict[str, str | None]:
    """The newest decision about this revision, and the commit that told git."""
    about = [d for d in status.decisions if digest in {d.from_.digest, d.to.digest if d.to else None}]
    if not about:
        return {}
    newest = about[-1]
    to = f" to {newest.to.version}" if newest.to else ""
    decision = f"{newest.id}: {newest.action} of version {newest.from_.version}{to} ({newest.state})"
    return {"decision": decision, "commit": newest.commit}


def as_json(why: Explained, origin: Origin) -> dict[str, Any]:
    """For programs: what the server said, and where it comes from."""
    document = why.model_dump(mode="json")
    return document | {"origin": dict(origin.facts), "remarks": list(origin.remarks)}
