"""A person wants an object left alone. That is a field of its spec, and so git's wherever something applies git to it."""

from pathlib import Path

from andon.api.errors import UserError
from andon.api.exits import Exit
from andon.api.kinds import DATA_SOURCE, DRIFT_POLICY, MODEL_DEPLOYMENT, TRAINING_PIPELINE, Kind
from andon.ports.splice import ObjectRef, Refusal, parsed
from andon.ports.splice.file import edit
from andon.ports.terminal import ApiServer, NotFoundError, unanswered
from andon.ports.terminal import AwayError as Away
from andon.steer.said import Said
from andon.steer.syncer import syncer
from andon.steer.word import patched
from andon.watch.cluster import object_named, place_of, reference
from andon.watch.family import name_of
from andon.watch.standing import Object

_IN_ORDER = (MODEL_DEPLOYMENT, DATA_SOURCE, TRAINING_PIPELINE, DRIFT_POLICY)


def in_cluster(api: ApiServer, namespace: str, named: str, wanted: bool, *, anyway: bool = False) -> Said:
    """Patch the live object, unless a syncer would put it back: then say where it is to be set. anyway: patch all the same.

    named: NAME or KIND/NAME. Raises UserError when there is no such object.
    """
    kind, obj = found(api, namespace, named)
    name, state = name_of(obj), "suspended" if wanted else "not suspended"
    if bool(obj["spec"].get("suspend")) is wanted:
        return Said(obj, f"{kind.name} {name} is {state} already", Exit.ALREADY)
    owner = syncer(obj)
    if owner is not None and not anyway:
        return Said(obj, _owned(kind, obj, owner, wanted), Exit.REFUSED)
    changed = patched(api, kind, obj, {"spec": {"suspend": wanted}})
    undone = f"; {owner} applies it, and will take this back when it next does" if owner else ""
    return Said(changed, f"{kind.name} {name} is {state} now, in the cluster{undone}")


def in_checkout(api: ApiServer, namespace: str, named: str, wanted: bool, folder: Path) -> Said:
    """Change the line in a checkout, for a person to commit. Raises UserError when there is no such object, or file."""
    kind, obj = found(api, namespace, named)
    ref = ObjectRef("", kind.name, obj["metadata"]["namespace"], name_of(obj))
    value = str(wanted).lower()
    try:
        made = edit(folder, ref, parsed("spec.suspend"), value)
    except Refusal as refusal:
        return Said(obj, f"{refusal}: `suspend: {value}` below `spec:` of {ref}, and commit it", Exit.REFUSED)
    if not made.changed:
        return Said(obj, f"{made.file}:{made.line}: spec.suspend is {value} already; is it pushed?", Exit.ALREADY)
    return Said(obj, f"{made.file}:{made.line}: spec.suspend: {made.old} -> {value}; commit and push it")


def found(api: ApiServer, namespace: str, named: str) -> tuple[Kind, Object]:
    """The object of this name: the deployment where several have it, or of the kind in KIND/NAME. Raises UserError."""
    named_kind, name = reference(named)
    if named_kind is not None:
        return named_kind, object_named(api, named_kind, namespace, name)
    for kind in _IN_ORDER:
        place = place_of(kind, namespace, name)
        try:
            return kind, {**api.get(place), "kind": kind.name}
        except NotFoundError:
            continue
        except Away as error:
            raise unanswered(place, error) from error
    raise UserError(f"there is no object of Andon named {name} in namespace {namespace}; see: andon get -n {namespace}")


def _owned(kind: Kind, obj: Object, owner: str, wanted: bool) -> str:
    """Whose field it is, how it is set there, and what helps at once."""
    name, namespace, value = name_of(obj), obj["metadata"]["namespace"], str(wanted).lower()
    command = "suspend" if wanted else "resume"
    said = (
        f"{kind.name} {name} is applied from git by {owner}, which would take spec.suspend back. Set it there: "
        f"`suspend: {value}` below `spec:`, or andon {command} {kind.short}/{name} -n {namespace} --in CHECKOUT. "
        f"To set it here until then: --anyway"
    )
    serving = obj.get("status", {}).get("effective", {}).get("version")
    if wanted and kind is MODEL_DEPLOYMENT and serving is not None:
        return f"{said}. To hold what serves now, whatever git says: andon pin {name} {serving} -n {namespace}"
    return said
