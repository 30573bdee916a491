"""TrainingPipeline: how landed rows become a registered model version."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, StrictBool, StringConstraints

from andon.api.conditions import Conditions, LastHandled
from andon.api.decision import ActedDecision, Rejections
from andon.api.types import (
    ApiModel,
    Between,
    Decimals,
    Duration,
    FeatureName,
    Generation,
    KeyedBy,
    NamedRef,
    Placement,
    Revision,
    Rule,
    StatusModel,
    Text,
    exactly_one_of,
    within,
)

RegisteredName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]{0,127}$", max_length=128)]


class TrainingData(ApiModel):
    """Which rows to learn from."""

    source_refs: Annotated[
        list[NamedRef],
        KeyedBy("name"),
        Field(min_length=1, max_length=1, description="The DataSource whose landed records are read."),
    ]
    target: Annotated[FeatureName, Field(description="The tag to predict; its values join the rows by source time.")]
    every: Annotated[Duration, Field(description="The clock of the rows: one row at each multiple of this.")]
    min_rows: Annotated[
        int, Between(50, 100_000_000), Field(description="Training starts when so many labelled rows are there.")
    ] = 2000


class Feature(ApiModel):
    """One input of the model."""

    name: Annotated[FeatureName, Field(description="What the model calls it.")]
    tag: Annotated[FeatureName, Field(description="The tag it is the value of.")]


class Estimator(StrEnum):
    """The estimators built in."""

    RIDGE = "Ridge"
    HIST_GRADIENT_BOOSTING = "HistGradientBoosting"


class Builtin(ApiModel):
    """A trainer that Andon brings along."""

    estimator: Annotated[Estimator, Field(description="`Ridge` (linear, small data) or `HistGradientBoosting` (trees).")]


class Trainer(ApiModel):
    """What fits the model."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("builtin"),)

    builtin: Annotated[Builtin | None, Field(description="One of the built-in estimators.")] = None


class MetricGate(ApiModel):
    """A bound on a metric of the held-out rows, measured on the ONNX file."""

    rules: ClassVar[tuple[Rule, ...]] = (within("max", "0.000000001", "999999999999999"),)

    name: Annotated[
        str,
        StringConstraints(pattern=r"^(rmse|mae)$", max_length=16),
        Field(description="`rmse` or `mae`, in the target's unit."),
    ]
    max: Annotated[Decimals, Field(description="The most it may be.")]


class Gate(ApiModel):
    """One test a model must pass before it is registered."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("metric"),)

    metric: Annotated[MetricGate | None, Field(description="A bound on a metric of the held-out rows.")] = None


class MlflowTarget(ApiModel):
    """A registered model in MLflow."""

    model: Annotated[RegisteredName, Field(description="Name of the registered model that gets the version.")]


class Registry(ApiModel):
    """Where versions are registered."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("mlflow"),)

    mlflow: Annotated[MlflowTarget | None, Field(description="The MLflow server of the operator's configuration.")] = None


class Promotion(ApiModel):
    """Where the model is used."""

    deployment_ref: Annotated[
        NamedRef,
        Field(
            description="The ModelDeployment that serves this model: what its DriftPolicy decides to retrain is trained here. "
            "The version trained is named in status; committing it is a person's part."
        ),
    ]


class TrainingPipelineSpec(ApiModel):
    """What to train, from what, and what it must prove. A changed spec is trained once, when enough rows have landed."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!self.features.exists(feature, feature.tag == self.data.target)",
            "data.target must not be the tag of a feature: the model would be told what it is asked",
            lambda spec: all(feature.tag != spec.data.target for feature in spec.features),
        ),
    )

    suspend: Annotated[StrictBool, Field(description="True: leave everything as it is and start nothing.")] = False
    data: Annotated[TrainingData, Field(description="Which rows to learn from.")]
    features: Annotated[
        list[Feature],
        KeyedBy("name"),
        Field(min_length=1, max_length=1024, description="The model's inputs; the column order is this order."),
    ]
    trainer: Annotated[Trainer, Field(description="What fits the model.")]
    gates: Annotated[list[Gate], Field(max_length=16, description="Tests a model must pass before it is registered.")] = Field(
        default_factory=list
    )
    registry: Annotated[Registry, Field(description="Where versions are registered.")]
    promotion: Annotated[
        Promotion | None, Field(description="Where the model is used; absent: it is trained once for each spec, and never again.")
    ] = None
    placement: Annotated[Placement, Field(description="Where training runs.")] = Placement()


class TrainingPipelineStatus(StatusModel):
    """What is true of the pipeline."""

    observed_generation: Annotated[Generation, Field(description="The metadata.generation this status was made from.")] = -1
    last_handled_reconcile_at: LastHandled = None
    conditions: Conditions = Field(default_factory=list)
    job: Annotated[Text | None, Field(description="The Job of the current spec, or of the Retrain acted on.")] = None
    trained: Annotated[Revision | None, Field(description="The newest version this pipeline registered.")] = None
    trained_spec: Annotated[Text | None, Field(description="Fingerprint of the spec that version was trained from.")] = None
    decisions: Annotated[
        list[ActedDecision], KeyedBy("id"), Field(max_length=10, description="Retrains acted on here, newest last.")
    ] = Field(default_factory=list)
    rejected: Rejections = Field(default_factory=list)
