"""People who may all edit the four kinds, of whom one is an approver, and the admission policy that the chart ships."""

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
import yaml

from andon.lab.controlplane import ControlPlane
from andon.lab.crew import LabError
from support.chart import rendered
from support.eventually import eventually

GROUP = "andon:approvers"
OPERATOR = "system:serviceaccount:andon-system:andon"
SPECS = {
    "DataSource": {
        "asset": "reactor-1",
        "opcua": {"endpoint": "opc.tcp://127.0.0.1:4840"},
        "tags": [{"name": "xmeas_7", "node": "nsu=urn:plant:tep;s=XMEAS_7"}],
        "landing": {"uri": "pvc://landing/reactor"},
    },
    "TrainingPipeline": {
        "data": {"sourceRefs": [{"name": "reactor"}], "target": "xmeas_38", "every": "1s", "minRows": 100},
        "features": [{"name": "pressure", "tag": "xmeas_7"}],
        "trainer": {"builtin": {"estimator": "Ridge"}},
        "registry": {"mlflow": {"model": "m"}},
    },
    "ModelDeployment": {"model": {"mlflow": {"name": "m", "version": "1"}}},
}


@dataclass(frozen=True)
class Person:
    """Somebody with kubectl, in a namespace."""

    plane: ControlPlane
    namespace: str
    name: str
    groups: tuple[str, ...] = ()

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Raises LabError with what kubectl complained about."""
        who = [f"--as={self.name}", *(f"--as-group={group}" for group in (*self.groups, "system:authenticated"))]
        return self.plane.kubectl("-n", self.namespace, *who, *arguments, stdin=stdin)

    def annotate(self, *words: str, kind: str = "ModelDeployment") -> None:
        self.kubectl("annotate", "--overwrite", kind, "e", *words)

    def apply(self, *options: str, kind: str = "ModelDeployment", **annotations: str) -> None:
        self.kubectl("apply", *options, "-f", "-", stdin=document(kind, **annotations))

    def says(self, word: str, kind: str = "ModelDeployment") -> str:
        """What is annotated as this now."""
        return self.kubectl("get", kind, "e", "-o", rf"jsonpath={{.metadata.annotations.andon\.dev/{word}}}")


def document(kind: str = "ModelDeployment", **annotations: str) -> str:
    metadata = {"name": "e", "annotations": {f"andon.dev/{word}": value for word, value in annotations.items()}}
    return yaml.safe_dump({"apiVersion": "andon.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": SPECS[kind]})


@pytest.fixture(scope="module")
def guarded(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """The cluster with CRDs, roles and, as long as these tests last, the policy."""
    home = tmp_path_factory.mktemp("helm")
    own = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "andon-system"}}
    lasting = [own, *rendered(home, "CustomResourceDefinition", "ServiceAccount", "ClusterRole", "ClusterRoleBinding")]
    control_plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=yaml.safe_dump_all(lasting))
    control_plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s")
    policy = yaml.safe_dump_all(rendered(home, "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"))
    control_plane.kubectl("apply", "--server-side", "-f", "-", stdin=policy)
    yield control_plane
    control_plane.kubectl("delete", "-f", "-", stdin=policy)


@pytest.fixture(scope="module")
def engineer(guarded: ControlPlane) -> Iterator[Person]:
    """May edit, and is in no group of approvers. The policy has taken hold."""
    namespace = f"test-{secrets.token_hex(4)}"
    guarded.kubectl("create", "namespace", namespace)
    binding = ("create", "rolebinding", "editors", "--clusterrole=andon-editor", "--group=system:authenticated")
    guarded.kubectl("-n", namespace, *binding)
    person = Person(guarded, namespace, "engineer")
    guarded.kubectl("-n", namespace, "apply", "-f", "-", stdin=document())
    news = itertools.count(1)  # what stays as it was is let through
    eventually(lambda: refused(person, f"andon.dev/pin={next(news)}"), within=20)
    yield person
    guarded.kubectl("delete", "namespace", namespace, f"{namespace}-b", "--ignore-not-found", "--wait=false")


@pytest.fixture(scope="module")
def approver(engineer: Person) -> Person:
    """As OIDC names people: with slashes and colons of its own."""
    return replace(engineer, name="https://idp.example/realms/plant#anna@plant.example", groups=(GROUP,))


@pytest.fixture(scope="module")
def lead(engineer: Person) -> Person:
    """Has the role of approvers alone, elsewhere than `engineer`, where everybody may edit."""
    namespace = f"{engineer.namespace}-b"
    engineer.plane.kubectl("create", "namespace", namespace)
    engineer.plane.kubectl("-n", namespace, "create", "rolebinding", "leads", "--clusterrole=andon-approver", "--user=lead")
    engineer.plane.kubectl("-n", namespace, "apply", "-f", "-", stdin=document())
    return Person(engineer.plane, namespace, "lead", (GROUP,))


@pytest.fixture(params=list(SPECS))
def kind(request: pytest.FixtureRequest, engineer: Person) -> Iterator[str]:
    """Each kind that acts on decisions; its object `e` as new, though no engineer takes anything off."""
    engineer.kubectl("replace", "--force", "-f", "-", stdin=document(request.param))
    return request.param


def refused(person: Person, *words: str, kind: str = "ModelDeployment") -> str:
    """What the API server said against it; empty if it took it."""
    try:
        person.annotate(*words, kind=kind)
    except LabError as error:
        return str(error)
    return ""
