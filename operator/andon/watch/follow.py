"""What does a namespace hold, now and after each change? Real watches, each in a thread of its own, into one queue.

A watch that breaks is begun anew from a fresh list, after a pause, a few times in a row at most; meanwhile what was last seen is
shown, with a word about it.
"""

import queue
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from andon.api.errors import UserError
from andon.api.kinds import KINDS
from andon.ports.terminal import UNKNOWN_KINDS, ApiServer, AwayError, NotFoundError, Place, RefusedError
from andon.watch.cluster import place_of
from andon.watch.family import Snapshot
from andon.watch.standing import Object

TRIES: Final = 8
"""Attempts in a row before it is given up: about a minute and a half with the pauses between them."""

_FIRST_PAUSE: Final = 0.25
_LAST_PAUSE: Final = 30.0
_LONGEST_WATCH: Final = 60
_PAUSE: Final = threading.Event()
"""Never set: threads of a terminal's command end with it."""

_SETTLE: Final = 0.1
"""Seconds within which changes are shown together."""
_WAITING: Final = 10_000
_CONFIGMAP: Final = "ConfigMap"
_POD: Final = "Pod"
_OURS: Final = {"labelSelector": "app.kubernetes.io/managed-by=andon,andon.dev/kind=ModelDeployment"}


@dataclass(frozen=True, slots=True)
class _Watched:
    """One sort of object. without: what a person who may not read it is told and sees the rest; empty: nothing can be shown."""

    kind: str
    place: Place
    query: Mapping[str, str]
    without: str = ""


@dataclass(frozen=True, slots=True)
class _News:
    """What became known of one sort: all objects by name, or why there are none or old ones. unread: they may not be read."""

    kind: str
    objects: Mapping[str, Object] | None = None
    unread: bool = False
    trouble: str | None = None
    error: UserError | None = None


def snapshots(api: ApiServer, namespace: str) -> Iterator[Snapshot]:
    """The namespace now and after each change, without an end. Raises UserError when it cannot be read (any more)."""
    news: queue.Queue[_News] = queue.Queue(_WAITING)
    sorts = _sorts(namespace)
    for sort in sorts:
        threading.Thread(target=_follow, args=(api, sort, news), daemon=True, name=f"watch {sort.kind}").start()
    known: dict[str, _News] = {}
    while True:
        for each in _gathered(news):
            if each.error is not None:
                raise each.error
            before = known.get(each.kind, each)
            known[each.kind] = replace(each, objects=before.objects) if each.objects is None else each
        if len(known) == len(sorts) and all(each.objects is not None for each in known.values()):
            yield _snapshot(known)


def once(api: ApiServer, namespace: str) -> Snapshot:
    """The same, a single time. Raises UserError when it cannot be read."""
    known = {}
    for sort in _sorts(namespace):
        try:
            objects, _ = _listed(api, sort)
            known[sort.kind] = _News(sort.kind, objects)
        except (NotFoundError, RefusedError) as error:
            known[sort.kind] = _given_up(sort, error)
        except AwayError as error:
            raise UserError(f"the API server cannot be reached ({error}); check KUBECONFIG") from error
        if (failed := known[sort.kind].error) is not None:
            raise failed
    return _snapshot(known)


def _sorts(namespace: str) -> list[_Watched]:
    configmaps, pods = (
        Place(f"/api/v1/namespaces/{namespace}/{s}", f"{s} in namespace {namespace}") for s in ("configmaps", "pods")
    )
    return [
        *(_Watched(k.name, place_of(k, namespace), {}) for k in KINDS),
        _Watched(_CONFIGMAP, configmaps, _OURS, without="Servers are not shown"),
        _Watched(_POD, pods, _OURS, without="Servers that are gone may be shown"),
    ]


def _gathered(news: queue.Queue[_News]) -> Iterator[_News]:
    """What came together. Waits as long as nothing changes: a thread that cannot go on says so."""
    yield news.get()
    end = time.monotonic() + _SETTLE
    while (left := end - time.monotonic()) > 0:
        try:
            yield news.get(timeout=left)
        except queue.Empty:
            return


def _follow(api: ApiServer, sort: _Watched, news: queue.Queue[_News]) -> None:
    """The life of one thread: list, watch, and again. One that lasted a while has not failed in vain."""
    failed, begun = 0, time.monotonic()
    while failed < TRIES:
        try:
            objects, version = _listed(api, sort)
            news.put(_News(sort.kind, objects))
            _watch(api, sort, objects, version, news)
        except (NotFoundError, RefusedError) as error:
            news.put(_given_up(sort, error))
            return
        except AwayError as error:
            failed = 1 if time.monotonic() - begun > _LAST_PAUSE else failed + 1
            news.put(_News(sort.kind, trouble=f"This may be old: the API server is away ({error}). Trying again."))
            _PAUSE.wait(min(_FIRST_PAUSE * 2**failed, _LAST_PAUSE))
            begun = time.monotonic()
    news.put(_News(sort.kind, error=UserError(f"the API server cannot be reached, after {TRIES} tries; check KUBECONFIG")))


def _listed(api: ApiServer, sort: _Watched) -> tuple[dict[str, Object], str]:
    document = api.get(sort.place, sort.query)
    objects: dict[str, Object] = {item["metadata"]["name"]: {**item, "kind": sort.kind} for item in document["items"]}
    return objects, str(document["metadata"]["resourceVersion"])


def _watch(api: ApiServer, sort: _Watched, objects: dict[str, Object], version: str, news: queue.Queue[_News]) -> None:
    """Keeps the objects as they are, until the watch breaks. Raises as ApiServer does."""
    while True:
        begun = time.monotonic()
        query = {"watch": "1", "allowWatchBookmarks": "true", "resourceVersion": version, "timeoutSeconds": str(_LONGEST_WATCH)}
        for event in api.lines(sort.place, {**sort.query, **query}, longest=_LONGEST_WATCH + 15):
            obj = event["object"]
            if event["type"] == "ERROR":
                raise AwayError(f"it ended the watch: {obj.get('message')}")
            version = obj["metadata"]["resourceVersion"]
            if event["type"] != "BOOKMARK":
                objects = _changed(objects, event["type"], {**obj, "kind": sort.kind})
                news.put(_News(sort.kind, objects))
        if time.monotonic() - begun < _FIRST_PAUSE:
            raise AwayError("it ends every watch at once")


def _changed(objects: Mapping[str, Object], event: str, obj: Mapping[str, Any]) -> dict[str, Object]:
    name = obj["metadata"]["name"]
    others = {key: value for key, value in objects.items() if key != name}
    return others if event == "DELETED" else {**others, name: obj}


def _given_up(sort: _Watched, error: Exception) -> _News:
    if not sort.without:
        return _News(sort.kind, error=error if isinstance(error, UserError) else UserError(UNKNOWN_KINDS))
    return _News(sort.kind, {}, unread=True, trouble=f"{sort.without}: {error}.")


def _snapshot(known: Mapping[str, _News]) -> Snapshot:
    configmaps = {name: obj.get("data") or {} for name, obj in (known[_CONFIGMAP].objects or {}).items()}
    objects = (obj for kind in KINDS for obj in (known[kind.name].objects or {}).values())
    trouble = next((news.trouble for news in known.values() if news.trouble), None)
    return Snapshot(tuple(objects), configmaps, trouble, _running(known[_POD]))


def _running(pods: _News) -> frozenset[str] | None:
    """Names of those that may still do something: ended ones can stay for weeks."""
    if pods.unread:
        return None
    ended = {"Failed", "Succeeded"}
    return frozenset(name for name, pod in (pods.objects or {}).items() if pod.get("status", {}).get("phase") not in ended)
