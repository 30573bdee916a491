"""Is the API server there, on time, and does it know the four kinds and whose word an approval is?"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from andon.api import GROUP, VERSION, crd
from andon.api.kinds import KINDS, Kind
from andon.doctor.examined import Examined, Patient, fail, ok, unknown, warn
from andon.ports.terminal import AwayError, NotFoundError, Place, RefusedError

_VERSION: Final = Place("/version", "its version")
_POLICIES: Final = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
_NOTICED: Final = timedelta(seconds=3)
_HARMFUL: Final = timedelta(seconds=30)
_APPLY: Final = "andon crds | kubectl apply --server-side -f -"


def api_server(patient: Patient) -> Iterator[Examined]:
    """It answers, and its clock and this machine's agree."""
    asked = datetime.now(UTC)
    try:
        version, date = patient.api.date(_VERSION)
    except (AwayError, NotFoundError, RefusedError) as error:
        yield fail("api server", f"it does not answer ({error})", "check KUBECONFIG, the network, and kubectl version")
        return
    yield ok("api server", f"Kubernetes {version.get('gitVersion', '?')}")
    if date is not None:
        yield clock(parsedate_to_datetime(date), asked + (datetime.now(UTC) - asked) / 2)


def clock(theirs: datetime, ours: datetime) -> Examined:
    """theirs: in whole seconds, cut off."""
    off = abs(theirs + timedelta(seconds=0.5) - ours)
    said = f"this machine and the API server are {off.total_seconds():.0f} s apart"
    fix = "set the clock by NTP on both: evidence is dated by its scrape, and what is too old counts for nothing"
    if off > _HARMFUL:
        return fail("clock", said, fix)
    return warn("clock", said, fix) if off > _NOTICED else ok("clock", "this machine and the API server agree")


def kinds(patient: Patient) -> Iterator[Examined]:
    """Each kind is installed, and as this version has it."""
    for kind in KINDS:
        name = f"{kind.plural}.{GROUP}"
        place = Place(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}", f"customresourcedefinition {name}")
        try:
            yield _of_this_version(kind, patient.api.get(place))
        except NotFoundError:
            yield fail(kind.plural, "the CRD is not installed", _APPLY)
        except RefusedError:
            yield unknown(kind.plural, "you may not read the CRD", "ask somebody who may, or an administrator, to run this")
        except AwayError as error:
            yield unknown(kind.plural, f"the CRD cannot be read ({error})", "try again")


def _of_this_version(kind: Kind, definition: Mapping[str, Any]) -> Examined:
    served = [v for v in definition["spec"]["versions"] if v["name"] == VERSION and v.get("served")]
    if not served:
        return fail(kind.plural, f"the CRD does not serve {VERSION}", _APPLY)
    theirs, ours = _fields(served[0]["schema"]["openAPIV3Schema"]), _fields(crd.schema(kind))
    if missing := sorted(ours - theirs):
        return fail(kind.plural, f"the CRD is older than this version: it has no {', '.join(missing[:3])}", _APPLY)
    if more := sorted(theirs - ours):
        fix = f"take a newer andon, or: {_APPLY}"
        return warn(kind.plural, f"the CRD is newer than this version: it has {', '.join(more[:3])}, too", fix)
    return ok(kind.plural, f"the CRD is that of this version ({VERSION})")


def _fields(schema: Mapping[str, Any], path: str = "") -> set[str]:
    """All fields there are, by their paths."""
    found = set[str]()
    for name, inner in schema.get("properties", {}).items():
        found |= {f"{path}.{name}".lstrip("."), *_fields(inner, f"{path}.{name}")}
    return found | (_fields(schema["items"], f"{path}[]") if "items" in schema else set())


def approvals(patient: Patient) -> Iterator[Examined]:
    """An admission policy holds the name in an approval against who writes it."""
    fix = "install the chart with approvals.enforce: true; until then whoever may annotate an object may approve it in any name"
    try:
        policies = patient.api.get(Place(_POLICIES, "admission policies"))["items"]
        bindings = patient.api.get(Place(f"{_POLICIES.removesuffix('policies')}policybindings", "their bindings"))["items"]
    except NotFoundError:
        yield fail("approvals", "this cluster is older than 1.30 and has no admission policies", "update it")
        return
    except RefusedError as error:
        yield unknown("approvals", "you may not read admission policies", str(error))
        return
    except AwayError as error:
        yield unknown("approvals", f"admission policies cannot be read ({error})", "try again")
        return
    mine = {p["metadata"]["name"] for p in policies if _is_about_approvals(p)}
    bound = {b["spec"]["policyName"] for b in bindings if "Deny" in b["spec"].get("validationActions", ())}
    if held := sorted(mine & bound):
        yield ok("approvals", f"admission policy {held[0]} holds a name against who writes it")
    else:
        yield warn("approvals", "nothing holds the name in andon.dev/approve against who writes it", fix)


def _is_about_approvals(policy: Mapping[str, Any]) -> bool:
    rules = policy["spec"].get("matchConstraints", {}).get("resourceRules", ())
    said = str(policy["spec"].get("validations", ())) + str(policy["spec"].get("variables", ()))
    return any(GROUP in rule.get("apiGroups", ()) for rule in rules) and f"{GROUP}/approve" in said
