"""A person's yes or no to what Andon asks: a decision to be carried out, or a step of a rollout to end."""

from typing import Final

from andon.api.decision import ActedState
from andon.api.exits import Exit
from andon.api.kinds import Kind
from andon.ports.terminal import ApiServer
from andon.steer.asked import Asked, asked
from andon.steer.said import Said
from andon.steer.word import said, say, username
from andon.watch.cluster import kind_named
from andon.watch.family import Snapshot
from andon.watch.follow import once
from andon.watch.judging import how_far, taken_over
from andon.watch.standing import Object

_SO_ALREADY: Final = {ActedState.ACTING, ActedState.DONE}


def approve(api: ApiServer, namespace: str, wanted: str) -> Said:
    """Let it be done. wanted: id of a decision or a step. Raises UserError when it waits for nobody."""
    snapshot = once(api, namespace)
    actor, copy = taken_over(snapshot).get(wanted, (None, None))
    if actor is not None and copy is not None and copy.state in _SO_ALREADY:
        return Said(actor, f"{wanted} {_already(how_far(copy))}", Exit.ALREADY)
    question, kind, obj = _found(snapshot, namespace, wanted)
    before, by = _answer(obj, "approve")
    if before == question.id:
        text = f"{question.id} is approved already, by {by}, and {question.kind} {question.name} has not acted on it yet"
        return Said(obj, text, Exit.ALREADY)
    who = username(api)
    changed = say(api, kind, obj, {"approve": f"{question.id}/{who}", **_without(obj, "reject", question)})
    return Said(changed, f"{question.id} is approved by {who}: {question.kind} {question.name} goes on with the {question.what}")


def reject(api: ApiServer, namespace: str, wanted: str) -> Said:
    """Let it not be done. A step is rejected by taking its version out of the rollout. Raises as `approve`."""
    question, kind, obj = _found(once(api, namespace), namespace, wanted)
    if question.version is not None:
        changed = say(api, kind, obj, {"abort": question.version, **_without(obj, "approve", question)})
        again = f"to try it again: andon abort {question.name} --undo -n {namespace}"
        return Said(changed, f"version {question.version} of {question.name} leaves its rollout; {again}")
    before, by = _answer(obj, "reject") if _answer(obj, "reject")[0] == question.id else _kept(obj, question)
    if before == question.id:
        return Said(obj, f"{question.id} is rejected already, by {by}", Exit.ALREADY)
    who = username(api)
    changed = say(api, kind, obj, {"reject": f"{question.id}/{who}", **_without(obj, "approve", question)})
    better = f"to have it all the same: andon approve {question.id} -n {namespace}"
    return Said(changed, f"{question.id} is rejected by {who}: there will be no {question.what}; {better}")


def _already(how: str) -> str:
    """`is done, approved by jane` as `is done already, approved by jane`."""
    stands, comma, by = how.partition(",")
    return f"{stands} already{comma}{by}"


def _found(snapshot: Snapshot, namespace: str, wanted: str) -> tuple[Asked, Kind, Object]:
    question = asked(snapshot, wanted, namespace)
    obj = snapshot.named(question.kind, question.name)
    if obj is None:
        raise LookupError(f"{question.kind} {question.name} asks and is not there")
    return question, kind_named(question.kind), obj


def _answer(obj: Object, word: str) -> tuple[str, str]:
    """What was answered, and by whom."""
    what, _, who = said(obj, word).partition("/")
    return what, who


def _kept(obj: Object, question: Asked) -> tuple[str, str]:
    """The same of a rejection that the operator has taken note of."""
    kept = (r for r in obj.get("status", {}).get("rejected", ()) if r["decision"] == question.id)
    return next(((r["decision"], r["by"]) for r in kept), ("", ""))


def _without(obj: Object, word: str, question: Asked) -> dict[str, None]:
    """Takes back what was said before of the same."""
    return {word: None} if _answer(obj, word)[0] == question.id else {}
