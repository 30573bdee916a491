"""What does the operator make of a word? It is asked to look, and its status says when it has."""

from datetime import UTC, datetime

from andon.api.kinds import Kind
from andon.ports.terminal import ApiServer, AwayError, RefusedError
from andon.steer.word import say
from andon.watch.cluster import place_of
from andon.watch.family import name_of
from andon.watch.standing import Object


def say_and_hear(api: ApiServer, kind: Kind, obj: Object, words: dict[str, str | None], wait: int) -> tuple[Object, bool]:
    """The object with these annotations, and whether its controller has looked at them. wait: seconds for that, 0 for none.

    Raises as `say`.
    """
    if wait == 0:
        return say(api, kind, obj, words), False
    asked = datetime.now(UTC).isoformat()
    changed = say(api, kind, obj, {**words, "reconcile": asked})
    answered = _answered(api, kind, changed, asked, wait)
    return answered or changed, answered is not None


def _answered(api: ApiServer, kind: Kind, changed: Object, asked: str, wait: int) -> Object | None:
    """None where nobody says anything in time, or it cannot be seen."""
    since = {"resourceVersion": changed["metadata"]["resourceVersion"], "fieldSelector": f"metadata.name={name_of(changed)}"}
    query = {"watch": "1", "timeoutSeconds": str(wait), **since}
    try:
        for event in api.lines(place_of(kind, changed["metadata"]["namespace"]), query, longest=wait + 1):
            seen: Object = event["object"]
            if seen.get("status", {}).get("lastHandledReconcileAt") == asked:
                return {**seen, "kind": kind.name}
    except (AwayError, RefusedError):
        return None
    return None
