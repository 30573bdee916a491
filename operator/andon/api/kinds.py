"""The four kinds in one table: names, spec and status models, printer columns, rules across fields."""

import re
from dataclasses import dataclass
from typing import Final

from andon.api.datasource import DataSourceSpec, DataSourceStatus
from andon.api.deployment import ModelDeploymentSpec, ModelDeploymentStatus
from andon.api.pipeline import TrainingPipelineSpec, TrainingPipelineStatus
from andon.api.policy import DriftPolicySpec, DriftPolicyStatus
from andon.api.types import ApiModel, Rule, StatusModel


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `kubectl get`. wide: shown only with `-o wide`."""

    name: str
    path: str
    type: str = "string"
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: everything the CRD needs beyond its models."""

    name: str
    plural: str
    short: str
    about: str
    spec: type[ApiModel]
    status: type[StatusModel]
    columns: tuple[Column, ...]
    scaled: bool = False
    """Whether `kubectl scale` and autoscalers may set spec.replicas; status then has replicas and selector."""


_OBJECT_NAME_PATTERN: Final = "^[a-z]([-a-z0-9]{0,50}[a-z0-9])?$"

OBJECT_NAME: Final = Rule(
    f"self.metadata.name.matches(r'{_OBJECT_NAME_PATTERN}')",
    "metadata.name must be lower-case letters, digits and dashes, begin with a letter and have at most 52 characters: "
    "Services, Jobs and StatefulSets are named after it",
    lambda name: re.fullmatch(_OBJECT_NAME_PATTERN, name) is not None,
)
"""Children add up to eleven characters (`-3f9c2a71be`) and their pods carry the whole in a label of 63."""

READY = Column("Ready", '.status.conditions[?(@.type=="Ready")].status')
REASON = Column("Reason", '.status.conditions[?(@.type=="Ready")].reason')
AGE = Column("Age", ".metadata.creationTimestamp", type="date")

DATA_SOURCE = Kind(
    "DataSource", "datasources", "dsrc", "Which tags of which machine are collected, and where they land.",
    DataSourceSpec, DataSourceStatus,
    (READY, Column("Asset", ".spec.asset"), REASON, AGE, Column("Rows", ".status.rowsUrl", wide=True)),
)  # fmt: skip
TRAINING_PIPELINE = Kind(
    "TrainingPipeline", "trainingpipelines", "tpipe", "How landed rows become a registered model version.",
    TrainingPipelineSpec, TrainingPipelineStatus,
    (READY, Column("Model", ".spec.registry.mlflow.model"), Column("Trained", ".status.trained.version"), REASON, AGE,
     Column("Digest", ".status.trained.digest", wide=True)),
)  # fmt: skip
MODEL_DEPLOYMENT = Kind(
    "ModelDeployment", "modeldeployments", "mdep", "Which model is served where, on which rows, and how a new version is judged.",
    ModelDeploymentSpec, ModelDeploymentStatus,
    (READY, Column("Desired", ".status.desired.version"), Column("Effective", ".status.effective.version"),
     Column("Step", ".status.step"), Column("Drift", ".status.drift"), REASON, AGE,
     Column("Digest", ".status.effective.digest", wide=True),
     Column("Pinned", '.status.conditions[?(@.type=="Pinned")].status', wide=True),
     Column("Commit", ".status.decisions[-1:].commit", wide=True)),
    scaled=True,
)  # fmt: skip
DRIFT_POLICY = Kind(
    "DriftPolicy", "driftpolicies", "dpol", "When a model, or the data it feeds on, is at fault, and what to do about it.",
    DriftPolicySpec, DriftPolicyStatus,
    (READY, Column("Target", ".spec.targetRef.name"), Column("Verdict", ".status.verdict"),
     Column("Fault", ".status.dataFaults[0].tag"), REASON, AGE),
)  # fmt: skip

KINDS: tuple[Kind, ...] = (DATA_SOURCE, TRAINING_PIPELINE, MODEL_DEPLOYMENT, DRIFT_POLICY)
