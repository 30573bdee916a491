"""What the cluster holds now, as far as Andon looks: Kopf's indexes, filled before anyone is told of a change."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import kopf

from andon.api import GROUP, VERSION
from andon.api.kinds import KINDS

Object = Mapping[str, Any]
MANAGED: Final = "app.kubernetes.io/managed-by=andon"
_CHILDREN: Final = (
    ("", "v1", "configmaps"),
    ("", "v1", "services"),
    ("", "v1", "serviceaccounts"),
    ("", "v1", "persistentvolumeclaims"),
    ("", "v1", "pods"),
    ("apps", "v1", "deployments"),
    ("apps", "v1", "statefulsets"),
    ("batch", "v1", "jobs"),
    ("policy", "v1", "poddisruptionbudgets"),
    ("rbac.authorization.k8s.io", "v1", "roles"),
    ("rbac.authorization.k8s.io", "v1", "rolebindings"),
)
_WATCH: Final = 60
"""Seconds after which the API server ends a watch, and Kopf goes on where it was: a dead connection is noticed soon."""
_KIND_OF: Final = {
    "configmaps": "ConfigMap",
    "services": "Service",
    "serviceaccounts": "ServiceAccount",
    "persistentvolumeclaims": "PersistentVolumeClaim",
    "pods": "Pod",
    "deployments": "Deployment",
    "statefulsets": "StatefulSet",
    "jobs": "Job",
    "poddisruptionbudgets": "PodDisruptionBudget",
    "roles": "Role",
    "rolebindings": "RoleBinding",
}


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened to an object. kind: one of the four. child: it happened to a child of it."""

    kind: str
    namespace: str
    name: str
    child: bool = False


class Informer:
    """Reads only. Objects come without managedFields and are never to be changed."""

    def __init__(self, on_change: Callable[[Change], None], on_watch: Callable[[str], None] = lambda _: None) -> None:
        """on_watch: told the path of each watch that the API server takes up, which is every minute for each of them."""
        self._on_change = on_change
        self._on_watch = on_watch
        self._indices: Mapping[str, Any] = {}

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One of the four kinds' objects."""
        return next(iter(self._found(kind, (namespace, name))), None)

    def all(self, kind: str, namespace: str) -> list[Object]:
        """All objects of one of the four kinds in a namespace, in no order."""
        index = self._indices.get(kind, {})
        return [o for key in index if key[0] == namespace for o in index[key]]

    def everywhere(self, kind: str) -> list[Object]:
        """All objects of one of the four kinds, in no order."""
        index = self._indices.get(kind, {})
        return [o for key in index for o in index[key]]

    def children(self, kind: str, namespace: str, name: str) -> list[Object]:
        """What Andon made for an object, of every kind, each with its own `kind`."""
        return [o for plural in _KIND_OF for o in self._found(plural, (kind, namespace, name))]

    def _found(self, index: str, key: tuple[str, ...]) -> Iterable[Object]:
        found = self._indices.get(index, {})
        return list(found[key]) if key in found else ()

    def wire(self, registry: kopf.OperatorRegistry) -> None:
        """Tell Kopf what to watch."""
        kopf.on.login(registry=registry)(self._login)
        kopf.on.startup(registry=registry)(self._start)
        for kind in KINDS:
            kopf.index(GROUP, VERSION, kind.plural, id=kind.name, registry=registry)(_own)
            kopf.on.event(GROUP, VERSION, kind.plural, id=f"{kind.name}-event", registry=registry)(self._own_changed)
        for group, version, plural in _CHILDREN:
            kopf.index(group, version, plural, id=plural, registry=registry)(_child)
            kopf.on.event(group, version, plural, id=f"{plural}-event", registry=registry)(self._child_changed)

    async def _login(self, **given: Any) -> kopf.AiohttpSession | None:
        """Kopf's own way in, through a session that hears the answers: Kopf tells nobody of bookmarks, nor of silence."""
        info = await asyncio.to_thread(kopf.login_via_client, **given)
        if info is None:
            return None
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._heard)
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=info.as_ssl_context()),
            headers=info.as_http_headers(),
            proxy=info.proxy_url,
            trust_env=info.trust_env,
            trace_configs=[trace],
        )
        return kopf.AiohttpSession(server=info.server, default_namespace=info.default_namespace, aiohttp_session=session)

    async def _heard(self, _session: aiohttp.ClientSession, _context: Any, end: aiohttp.TraceRequestEndParams) -> None:
        if end.url.query.get("watch") == "true" and end.response.ok:
            self._on_watch(end.url.path)

    async def _start(self, settings: kopf.OperatorSettings, **given: Any) -> None:
        settings.posting.enabled = False
        settings.scanning.disabled = True
        settings.watching.server_timeout = _WATCH
        for group, version, plural in _CHILDREN:
            settings.watching.label_selectors[group, version, plural] = MANAGED
        self._indices = {name: given[name] for name in (*(kind.name for kind in KINDS), *_KIND_OF)}

    async def _own_changed(self, body: kopf.Body, **_: Any) -> None:
        self._on_change(Change(body["kind"], body["metadata"]["namespace"], body["metadata"]["name"]))

    async def _child_changed(self, body: kopf.Body, **_: Any) -> None:
        owner = _owner(body)
        if owner is not None:
            self._on_change(Change(*owner, child=True))


async def _own(body: kopf.Body, **_: Any) -> dict[tuple[str, str], Object]:
    return {(body["metadata"]["namespace"], body["metadata"]["name"]): _trimmed(body)}


async def _child(body: kopf.Body, resource: kopf.Resource, **_: Any) -> dict[tuple[str, str, str], Object] | None:
    owner = _owner(body)
    return None if owner is None else {owner: _trimmed(body) | {"kind": _KIND_OF[resource.plural]}}


def _owner(body: Object) -> tuple[str, str, str] | None:
    """By its labels, which pods have too; or, should somebody have taken them off, by its owner reference."""
    labels = body["metadata"].get("labels", {})
    kind, name = labels.get("andon.dev/kind"), labels.get("andon.dev/name")
    if not kind or not name:
        ours = (r for r in body["metadata"].get("ownerReferences", ()) if r["apiVersion"].startswith(f"{GROUP}/"))
        kind, name = next(((r["kind"], r["name"]) for r in ours), (None, None))
    return (kind, body["metadata"]["namespace"], name) if kind and name else None


def _trimmed(body: kopf.Body) -> dict[str, Any]:
    plain = dict(body)
    metadata = {k: v for k, v in dict(plain["metadata"]).items() if k != "managedFields"}
    return plain | {"metadata": metadata}
