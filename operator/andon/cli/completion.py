"""What could stand here? Names for the shell to complete, asked of the cluster in a second or not at all.

A cluster that is away, forbids it or knows no such kind completes nothing: a shell is no place for an error.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import typer

from andon.api.errors import UserError

if TYPE_CHECKING:
    from andon.ports.terminal import ApiServer, Place

_PATIENCE: Final = 1.0
"""Seconds for which a person with a finger on the tabulator waits gladly."""


def namespaces(ctx: typer.Context, incomplete: str) -> list[str]:
    """All of the cluster's."""
    from andon.ports.terminal import Place

    return _beginning(incomplete, _names(ctx, Place("/api/v1/namespaces", "namespaces")))


def kinds(incomplete: str) -> list[str]:
    """Andon's own, by their short names."""
    from andon.api.kinds import KINDS

    return _beginning(incomplete, (word for kind in KINDS for word in (kind.short, kind.name.lower())))


def deployments(ctx: typer.Context, incomplete: str) -> list[str]:
    """ModelDeployments of the namespace."""
    return _beginning(incomplete, _named(ctx, "ModelDeployment"))


def objects(ctx: typer.Context, incomplete: str) -> list[str]:
    """Objects of the kind named before; of all four where none is."""
    kind = ctx.params.get("kind")
    return _beginning(incomplete, dict.fromkeys(_named(ctx, kind)))


def answerable(ctx: typer.Context, incomplete: str) -> list[str]:
    """Decisions and steps that wait for a person."""
    from andon.steer.asked import waiting
    from andon.watch.follow import once

    found = _asked(ctx, lambda api, namespace: [question.id for question in waiting(once(api, namespace))])
    return _beginning(incomplete, found)


def decisions(ctx: typer.Context, incomplete: str) -> list[str]:
    """Decisions that are known in the namespace."""
    from andon.watch.cluster import kind_named, place_of

    def published(api: "ApiServer", namespace: str) -> list[str]:
        policies = api.get(place_of(kind_named("DriftPolicy"), namespace))["items"]
        return [d["id"] for policy in policies for d in policy.get("status", {}).get("decisions", ())]

    return _beginning(incomplete, _asked(ctx, published))


def versions(ctx: typer.Context, incomplete: str) -> list[str]:
    """Versions that have served at the deployment named before, newest first."""
    from andon.watch.cluster import kind_named, place_of

    name = ctx.params.get("name")

    def served(api: "ApiServer", namespace: str) -> list[str]:
        obj = api.get(place_of(kind_named("ModelDeployment"), namespace, name))
        return [entry["version"] for entry in reversed(obj.get("status", {}).get("history", ()))]

    return _beginning(incomplete, _asked(ctx, served) if name else [])


def _named(ctx: typer.Context, word: str | None) -> list[str]:
    from andon.api.kinds import KINDS
    from andon.watch.cluster import kind_named, place_of

    try:
        wanted = (kind_named(word),) if word else KINDS
    except UserError:
        return []
    return _asked(ctx, lambda api, namespace: [n for kind in wanted for n in _listed(api, place_of(kind, namespace))])


def _names(ctx: typer.Context, place: "Place") -> list[str]:
    return _asked(ctx, lambda api, _: _listed(api, place))


def _listed(api: "ApiServer", place: "Place") -> list[str]:
    return [item["metadata"]["name"] for item in api.get(place)["items"]]


def _asked(ctx: typer.Context, look: Any) -> list[str]:
    """What the look at the cluster and namespace of this command line finds; nothing where it cannot be looked at."""
    from andon.ports.terminal import ApiServer, AwayError, NotFoundError, current_namespace

    given = ctx.params.get("kubeconfig")
    file = str(given) if given else None
    try:
        found: list[str] = look(ApiServer(file, timeout=_PATIENCE), ctx.params.get("namespace") or current_namespace(file))
    except (UserError, NotFoundError, AwayError):
        return []
    return found


def _beginning(incomplete: str, words: Iterable[str]) -> list[str]:
    return [word for word in words if word.startswith(incomplete)]
