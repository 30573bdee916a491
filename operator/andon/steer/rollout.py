"""A person's hand on a rollout: which version serves, whatever git and policies say; which goes on at once, and which goes."""

import re
from typing import Final

from andon.api.errors import UserError
from andon.api.exits import Exit
from andon.api.kinds import MODEL_DEPLOYMENT
from andon.ports.terminal import ApiServer
from andon.steer.said import Said
from andon.steer.word import said, say
from andon.watch.cluster import object_named
from andon.watch.family import name_of
from andon.watch.standing import Object

_VERSION: Final = re.compile(r"[1-9][0-9]{0,8}")


def pin(api: ApiServer, namespace: str, name: str, version: str) -> Said:
    """Serve this version. Raises UserError when there is no such deployment, or it is no version."""
    obj = object_named(api, MODEL_DEPLOYMENT, namespace, name)
    check(version)
    if said(obj, "pin") == version:
        return Said(obj, f"{name} is pinned to version {version} already", Exit.ALREADY)
    convicted = _rolled_back_by(obj, version)
    although = f", although {convicted} rolled it back" if convicted else ""
    text = f"{name} is pinned to version {version}{although}: nothing is judged until andon unpin {name} -n {namespace}"
    return Said(say(api, MODEL_DEPLOYMENT, obj, {"pin": version}), text)


def unpin(api: ApiServer, namespace: str, name: str) -> Said:
    """Let git and policies count again."""
    return _taken_off(api, namespace, name, "pin", f"{name} is pinned no more: git, which names version {{named}}, counts again")


def promote(api: ApiServer, namespace: str, name: str, version: str | None) -> Said:
    """Serve the version that git names now, its remaining steps skipped. Raises UserError when that would mean nothing."""
    obj = object_named(api, MODEL_DEPLOYMENT, namespace, name)
    wanted = _named_by_git(obj, version)
    if (convicted := _rolled_back_by(obj, wanted)) is not None:
        way = f"commit spec.model.overrides: {convicted}, or: andon pin {name} {wanted} -n {namespace}"
        raise UserError(f"version {wanted} was rolled back by {convicted}, and a promotion does not lift that; {way}")
    if obj.get("status", {}).get("lastHandledPromote") == said(obj, "promote") == wanted:
        raise UserError(f"version {wanted} was promoted before; say it anew after: andon promote {name} --undo -n {namespace}")
    if said(obj, "promote") == wanted:
        return Said(obj, f"{name} is told already to serve version {wanted}", Exit.ALREADY)
    if _serving(obj) == wanted and "candidate" not in obj.get("status", {}):
        return Said(obj, f"version {wanted} of {name} serves already", Exit.ALREADY)
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
    return Said(say(api, MODEL_DEPLOYMENT, obj, {word: None}), text.format(named=_named(obj)))


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
        raise UserError(f"git names version {named} of {name_of(obj)}, not {version}; {other}")
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


def _rolled_back_by(obj: Object, version: str) -> str | None:
    """The decision that keeps this version out, unless the spec overrides it."""
    overridden = obj["spec"]["model"].get("overrides")
    kept = (q for q in obj.get("status", {}).get("quarantined", ()) if q["version"] == version)
    return next((q["decision"] for q in kept if q["decision"] != overridden), None)
