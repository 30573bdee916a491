"""A person's hand on a rollout: which version serves, whatever git and policies say; which goes on at once, and which goes."""

import re
from typing import Final

from andon.api.errors import UserError
from andon.api.exits import Exit
from andon.api.kinds import MODEL_DEPLOYMENT
from andon.core.deployment.first import JUDGED
from andon.ports.terminal import ApiServer
from andon.steer.heard import say_and_hear
from andon.steer.said import Said
from andon.steer.word import said, say
from andon.watch.cluster import object_named
from andon.watch.family import name_of
from andon.watch.serving import where_named
from andon.watch.standing import Object

_VERSION: Final = re.compile(r"[1-9][0-9]{0,8}")


def pin(api: ApiServer, namespace: str, name: str, version: str, wait: int) -> Said:
    """Serve this version, as far as the operator says within `wait` seconds (0: it is not asked) that it will.

    Raises UserError when there is no such deployment, it is no version, or the operator knows of none; then it is taken back.
    """
    obj = object_named(api, MODEL_DEPLOYMENT, namespace, name)
    check(version)
    if said(obj, "pin") == version and not _ignored(obj):
        return Said(obj, f"{name} is pinned to version {version} already", Exit.ALREADY)
    changed, heard = say_and_hear(api, MODEL_DEPLOYMENT, obj, {"pin": version}, wait)
    if heard and (why := _ignored(changed)):
        before = said(obj, "pin")
        say(api, MODEL_DEPLOYMENT, changed, {"pin": before if before not in {"", version} else None})
        raise UserError(f"{why} The pin is taken back; see the versions that served: andon history {name} -n {namespace}")
    return _pinned(changed, version, heard, wait)


def _pinned(obj: Object, version: str, heard: bool, wait: int) -> Said:
    """What came of it."""
    name, namespace, conditions = name_of(obj), obj["metadata"]["namespace"], _conditions(obj)
    convicted = _rolled_back_by(obj, version)
    although = f", although {convicted} rolled it back" if convicted else ""
    if heard and "Pinned" in conditions:
        text = f"{name} is pinned to version {version}{although}: nothing is judged until andon unpin {name} -n {namespace}"
        return Said(obj, text)
    written = f"andon.dev/pin={version} is written to {name}{although}"
    if wait == 0:
        return Said(obj, f"{written}; what comes of it: andon get mdep {name} -n {namespace}")
    why = conditions["Ready"]["message"].rstrip(".") if heard else f"the operator has not answered within {wait} s"
    return Said(obj, f"{written}, and does not count yet: {why}; see: andon get mdep {name} -n {namespace}", Exit.NOT_NOW)


def _ignored(obj: Object) -> str:
    """Why a pin means nothing to the operator; empty where it does."""
    message = _conditions(obj).get("AnnotationIgnored", {}).get("message", "")
    return str(message).partition("andon.dev/pin: ")[2].partition(" andon.dev/")[0]


def _conditions(obj: Object) -> dict[str, Object]:
    return {condition["type"]: condition for condition in obj.get("status", {}).get("conditions", ())}


def unpin(api: ApiServer, namespace: str, name: str) -> Said:
    """Let git and policies count again."""
    return _taken_off(
        api, namespace, name, "pin", f"{name} is pinned no more: {{where}}, which names version {{named}}, counts again"
    )


def promote(api: ApiServer, namespace: str, name: str, version: str | None) -> Said:
    """Serve the version that git names now, its remaining steps skipped. Raises UserError when that would mean nothing."""
    obj = object_named(api, MODEL_DEPLOYMENT, namespace, name)
    wanted = _named_by_git(obj, version)
    if (convicted := _rolled_back_by(obj, wanted)) is not None:
        way = f"commit spec.model.overrides: {convicted}, or: andon pin {name} {wanted} -n {namespace}"
        raise UserError(f"version {wanted} was rolled back by {convicted}, and a promotion does not lift that; {way}")
    if _serving(obj) == wanted and "candidate" not in obj.get("status", {}) and not _is_unproved(obj):
        return Said(obj, f"version {wanted} of {name} serves already", Exit.ALREADY)
    if obj.get("status", {}).get("lastHandledPromote") == said(obj, "promote") == wanted:
        raise UserError(f"version {wanted} was promoted before; say it anew after: andon promote {name} --undo -n {namespace}")
    if said(obj, "promote") == wanted:
        return Said(obj, f"{name} is told already to serve version {wanted}", Exit.ALREADY)
    held = f"; it is pinned to version {said(obj, 'pin')}, which goes before" if said(obj, "pin") else ""
    text = f"version {wanted} of {name} serves as soon as every server holds it{held}"
    return Said(say(api, MODEL_DEPLOYMENT, obj, {"promote": wanted, "abort": None}), text)


def abort(api: ApiServer, namespace: str, name: str, version: str | None) -> Said:
    """Take the version that git names out of its rollout; what serves stays. Raises as `promote`."""
    obj = object_named(api, MODEL_DEPLOYMENT, namespace, name)
    wanted = _named_by_git(obj, version)
    if _serving(obj) == wanted:
        raise UserError(f"version {wanted} serves already; to serve another one: andon pin {name} VERSION -n {namespace}")
    if said(obj, "abort") == wanted:
        return Said(obj, f"version {wanted} of {name} is aborted already", Exit.ALREADY)
    text = f"version {wanted} of {name} leaves its rollout, version {_serving(obj) or '?'} goes on serving; "
    again = f"to try it again: andon abort {name} --undo -n {namespace}"
    return Said(say(api, MODEL_DEPLOYMENT, obj, {"abort": wanted, "promote": None}), text + again)


def undo(api: ApiServer, namespace: str, name: str, word: str) -> Said:
    """Take back a promotion that has not happened, or an abort. word: `promote` or `abort`."""
    return _taken_off(api, namespace, name, word, f"andon.dev/{word} is taken off {name}")


def _taken_off(api: ApiServer, namespace: str, name: str, word: str, text: str) -> Said:
    obj = object_named(api, MODEL_DEPLOYMENT, namespace, name)
    if not said(obj, word):
        return Said(obj, f"there is no andon.dev/{word} on {name}", Exit.ALREADY)
    return Said(say(api, MODEL_DEPLOYMENT, obj, {word: None}), text.format(named=_named(obj), where=where_named(obj)))


def check(version: str) -> None:
    """Raises UserError when it is not the number of a version."""
    if not _VERSION.fullmatch(version):
        raise UserError(f"{version!r} is not the number of a version; see the versions that served: andon history NAME")


def _named_by_git(obj: Object, version: str | None) -> str:
    """The version that git names: a word about another one means nothing."""
    named = _named(obj)
    if version is not None and version != named:
        check(version)
        other = f"to serve another one: andon pin {name_of(obj)} {version} -n {obj['metadata']['namespace']}"
        raise UserError(f"{where_named(obj)} names version {named} of {name_of(obj)}, not {version}; {other}")
    return named


def _named(obj: Object) -> str:
    model = obj["spec"]["model"]
    version = next((model[place].get("version") for place in ("mlflow", "file") if place in model), None)
    aliased = obj.get("status", {}).get("desired", {}).get("version")
    if version is None and aliased is None:
        raise UserError(f"{name_of(obj)} names an alias, and its version is not known yet; see: andon get mdep {name_of(obj)}")
    return str(version or aliased)


def _serving(obj: Object) -> str | None:
    version: str | None = obj.get("status", {}).get("effective", {}).get("version")
    return version


def _is_unproved(obj: Object) -> bool:
    """Whether it is a first version that a person may still accept."""
    return bool(_conditions(obj).get(JUDGED, {}).get("status", "True") != "True")


def _rolled_back_by(obj: Object, version: str) -> str | None:
    """The decision that keeps this version out, unless the spec overrides it."""
    overridden = obj["spec"]["model"].get("overrides")
    kept = (q for q in obj.get("status", {}).get("quarantined", ()) if q["version"] == version)
    return next((q["decision"] for q in kept if q["decision"] != overridden), None)
