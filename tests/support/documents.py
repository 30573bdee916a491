"""A family of four as a user applied them, with statuses as controllers write them."""

from andon.api import GROUP, VERSION
from andon.api.types import Revision

ONE = Revision(version="1", digest="sha256:" + "1" * 64)
TWO = Revision(version="2", digest="sha256:" + "2" * 64)
SINCE = "2026-11-22T12:00:00.000000Z"
SPECS = {
    "DataSource": {
        "asset": "reactor-1",
        "opcua": {"endpoint": "opc.tcp://plant.plant-a.svc:4840"},
        "tags": [{"name": "xmeas_7", "node": "nsu=urn:plant:tep;s=XMEAS_7"}],
        "landing": {"uri": "pvc://landing/reactor"},
    },
    "TrainingPipeline": {
        "data": {"sourceRefs": [{"name": "reactor"}], "target": "xmeas_38", "every": "3s"},
        "features": [{"name": "xmeas_7", "tag": "xmeas_7"}],
        "trainer": {"builtin": {"estimator": "Ridge"}},
        "registry": {"mlflow": {"model": "product-e"}},
        "promotion": {"deploymentRef": {"name": "product-e"}},
    },
    "ModelDeployment": {
        "model": {"mlflow": {"name": "product-e", "version": "2"}},
        "inputs": {"sourceRefs": [{"name": "reactor"}], "every": "3s"},
        "rollout": {"steps": [{"shadow": {"minRows": 100}}, {"weight": 20, "minRows": 100}]},
    },
    "DriftPolicy": {"targetRef": {"name": "product-e"}},
}
ROWS = "It is judged on at least 100 rows; they are coming in."
JUDGED = f"Version 2 is judged beside version 1 (step 2 of 2, Weight 20%). {ROWS}"
STATUSES = {
    "DataSource": {"conditions": [("Ready", "True", "Connected", "Every tag is read.")]},
    "TrainingPipeline": {
        "conditions": [("Ready", "True", "Trained", "Version 2 is registered.")],
        "trained": TWO.model_dump(),
    },
    "ModelDeployment": {
        "conditions": [("Ready", "False", "CandidateJudged", JUDGED), ("Reconciling", "True", "CandidateJudged", JUDGED)],
        "desired": TWO.model_dump(),
        "effective": ONE.model_dump(),
        "candidate": {**TWO.model_dump(), "step": "Weight 20%", "index": 1, "since": SINCE, "fromRows": 100, "progress": "2/4"},
        "step": "Weight 20%",
        "drift": "Healthy",
    },
    "DriftPolicy": {
        "conditions": [("Ready", "True", "Watching", "Evidence is read and judged.")],
        "verdict": "Healthy",
        "judged": TWO.model_dump(),
        "dataFaults": [{"tag": "xmeas_7", "fault": "Stuck", "since": SINCE}],
    },
}


def said(conditions):
    """Conditions from their type, status, reason and message."""
    common = {"lastTransitionTime": SINCE, "observedGeneration": 1}
    return [{"type": t, "status": s, "reason": r, "message": m, **common} for t, s, r, m in conditions]


def status_of(kind, **changes):
    """The status of this kind, with other fields."""
    status = {"observedGeneration": 1, **STATUSES[kind], **changes}
    return {**status, "conditions": said(status["conditions"])}


def name_of(kind):
    return "reactor" if kind == "DataSource" else "product-e"


def obj(kind, name=None, status=None, **spec):
    """An object as the API server has it."""
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": kind,
        "metadata": {"name": name or name_of(kind), "namespace": "plant-a"},
        "spec": {**SPECS[kind], **spec},
        "status": status_of(kind) if status is None else status,
    }
