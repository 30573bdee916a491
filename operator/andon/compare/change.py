"""What would one document change, as the API server itself says, without changing it?"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from enum import StrEnum
from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML

from andon.api.errors import UserError
from andon.api.kinds import KINDS, Kind
from andon.lint.source import Document
from andon.ports.terminal import ApiServer, AwayError, NotFoundError, Place, unanswered
from andon.watch.cluster import place_of
from andon.watch.standing import Object

_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_KEPT: Final = ("name", "namespace", "labels", "annotations")


class Becomes(StrEnum):
    """What an object would be."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    PRUNED = "pruned"


@dataclass(frozen=True, slots=True)
class Change:
    """One object. live: as it is, None where it is not there. after: as it would be, None where it would be gone."""

    kind: Kind
    namespace: str
    name: str
    file: str
    live: Object | None
    after: Object | None

    def __str__(self) -> str:
        return f"{self.kind.name} {self.namespace}/{self.name}"

    @property
    def becomes(self) -> Becomes:
        """In one word."""
        if self.live is None:
            return Becomes.CREATED
        if self.after is None:
            return Becomes.PRUNED
        return Becomes.CHANGED if _plain(self.live) != _plain(self.after) else Becomes.UNCHANGED

    @property
    def lines(self) -> list[str]:
        """The difference as `diff -u` writes it; empty where there is none."""
        before, after = _lines(self.live), _lines(self.after)
        return list(unified_diff(before, after, f"cluster: {self}", f"{self.file}: {self}", lineterm=""))


def changes(api: ApiServer, documents: Iterator[Document], namespace: str) -> Iterator[Change]:
    """One for each object of Andon's. namespace: where a document names none. Raises UserError for what would be refused."""
    for document in documents:
        value = document.value
        kind = next((kind for kind in KINDS if kind.name == value.get("kind")), None)
        name = (value.get("metadata") or {}).get("name")
        if kind is None or not isinstance(name, str):
            line, _ = document.at()
            raise UserError(f"{document.file}:{line}: this is no object of Andon's; see: andon lint {document.file}")
        where = str(value["metadata"].get("namespace") or namespace)
        place = place_of(kind, where, name)
        live = _live(api, place, kind)
        wanted = {**value, "metadata": {**value["metadata"], "namespace": where}}
        yield Change(kind, where, name, document.file, live, _after(api, place, wanted, live))


def pruned(live: Object, kind: Kind) -> Change:
    """An object that nobody names any more."""
    return Change(kind, live["metadata"]["namespace"], live["metadata"]["name"], "(nowhere)", live, None)


def _live(api: ApiServer, place: Place, kind: Kind) -> Object | None:
    try:
        return {**api.get(place), "kind": kind.name}
    except NotFoundError:
        return None
    except AwayError as error:
        raise unanswered(place, error) from error


def _after(api: ApiServer, place: Place, wanted: Mapping[str, Any], live: Object | None) -> Object:
    """As whoever applied it before would have it: what they take out of their file goes."""
    applier, before = _applier(live), _last_applied(live)
    query = {"dryRun": "All", "fieldValidation": "Strict"}
    if applier is None and before is not None:
        body, form = _three_way(before, wanted), "application/merge-patch+json"
    else:
        body, form = dict(wanted), "application/apply-patch+yaml"
        query |= {"force": "true", "fieldManager": applier or "kubectl"}
    try:
        document: Object = api.send("PATCH", place, body, query, form)
    except NotFoundError:
        raise UserError(f"there is no namespace to put {place.words} into; create it first") from None
    except AwayError as error:
        raise unanswered(place, error) from error
    return document


def _applier(live: Object | None) -> str | None:
    """Who applies its spec by server-side apply."""
    entries = live["metadata"].get("managedFields") or () if live is not None else ()
    spec = (e for e in entries if e.get("operation") == "Apply" and "f:spec" in e.get("fieldsV1", {}))
    return next((str(e["manager"]) for e in spec), None)


def _last_applied(live: Object | None) -> Mapping[str, Any] | None:
    """What `kubectl apply` was given last."""
    text = (live["metadata"].get("annotations") or {}).get(_LAST_APPLIED) if live is not None else None
    said: Mapping[str, Any] | None = json.loads(text) if text else None
    return said


def _three_way(before: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """A merge patch to what is wanted, in which what was there before and is no more is null."""
    patch: dict[str, Any] = {key: None for key in before if key not in wanted}
    for key, value in wanted.items():
        inner = before.get(key)
        patch[key] = _three_way(inner, value) if isinstance(value, Mapping) and isinstance(inner, Mapping) else value
    return patch


def _plain(obj: Object) -> dict[str, Any]:
    """What people write of an object."""
    metadata = {key: obj["metadata"][key] for key in _KEPT if obj["metadata"].get(key)}
    annotations = {key: value for key, value in metadata.get("annotations", {}).items() if key != _LAST_APPLIED}
    metadata = {key: value for key, value in metadata.items() if key != "annotations"}
    return {"metadata": metadata | ({"annotations": annotations} if annotations else {}), "spec": obj["spec"]}


def _lines(obj: Object | None) -> list[str]:
    if obj is None:
        return []
    writer, out = YAML(typ="safe", pure=True), StringIO()
    writer.default_flow_style = False
    writer.dump(_plain(obj), out)
    return out.getvalue().splitlines()
