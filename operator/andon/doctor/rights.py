"""May this person read and steer, or may the operator do its work?"""

from collections.abc import Callable, Iterator
from typing import Final

from andon.api import GROUP
from andon.api.errors import UserError
from andon.api.kinds import KINDS
from andon.doctor.examined import Examined, Patient, fail, ok, unknown, warn
from andon.ports.rights import Right
from andon.ports.terminal import AwayError, NotFoundError, Place

Verdict = Callable[[str, str, str], Examined]

_REVIEWS: Final = Place("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "your rights")
_KINDS: Final = tuple(kind.plural for kind in KINDS)
_READ: Final = [Right(verb, GROUP, plural) for plural in _KINDS for verb in ("get", "list", "watch")]
_ACTORS: Final = [Right("patch", GROUP, plural) for plural in _KINDS if plural != "driftpolicies"]
_MORE: Final = [Right("list", "", "configmaps"), Right("list", "", "pods"), Right("get", "", "services/proxy")]
_OPERATOR: Final = [
    *_READ,
    *(Right("patch", GROUP, f"{plural}/status") for plural in _KINDS),
    *(Right("patch", "", children) for children in ("configmaps", "services", "serviceaccounts", "persistentvolumeclaims")),
    Right("patch", "apps", "deployments"),
    Right("patch", "apps", "statefulsets"),
    Right("patch", "batch", "jobs"),
    Right("patch", "policy", "poddisruptionbudgets"),
    Right("patch", "rbac.authorization.k8s.io", "roles"),
    Right("patch", "rbac.authorization.k8s.io", "rolebindings"),
    Right("watch", "", "pods"),
    Right("create", "events.k8s.io", "events"),
]


def rights(patient: Patient) -> Iterator[Examined]:
    """Of the identity that asks."""
    try:
        if patient.as_operator:
            yield _answer(patient, "rights of the operator", _OPERATOR, "its objects can be made true", fail)
            return
        yield _answer(patient, "right to read", _READ, "get, tree, history and explain work", fail)
        yield _answer(patient, "right to steer", _ACTORS, "approve, pin, promote and abort work", warn)
        yield _answer(patient, "right to look closer", _MORE, "tree shows servers, why asks them", warn)
    except (AwayError, NotFoundError, UserError) as error:
        yield unknown("rights", f"they cannot be asked for ({error})", "try again")


def _answer(patient: Patient, name: str, wanted: list[Right], said: str, bad: Verdict) -> Examined:
    missing = [right for right in wanted if not _may(patient, right)]
    if not missing:
        return ok(name, f"{said} in namespace {patient.namespace}")
    rules = "; ".join(str(right) for right in missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
    where = "the chart's ClusterRole" if patient.as_operator else f"a Role in namespace {patient.namespace}"
    return bad(name, f"{len(missing)} of {len(wanted)} rights are missing", f"{where} must grant: {rules}")


def _may(patient: Patient, right: Right) -> bool:
    resource, _, sub = right.resource.partition("/")
    attributes = {"namespace": patient.namespace, "verb": right.verb, "group": right.group, "resource": resource}
    asked = {"resourceAttributes": attributes | ({"subresource": sub} if sub else {})}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": asked}
    return bool(patient.api.send("POST", _REVIEWS, review)["status"]["allowed"])
