"""ModelDeployment: which model is served where, on which rows, and how a new version is judged."""

from typing import Annotated, ClassVar

from pydantic import Field, StrictBool, StringConstraints

from andon.api.conditions import Conditions
from andon.api.decision import ActedDecision
from andon.api.pipeline import RegisteredName
from andon.api.types import (
    ApiModel,
    Between,
    Digest,
    Duration,
    Generation,
    KeyedBy,
    ModelVersion,
    Name,
    NamedRef,
    Placement,
    Revision,
    Rule,
    StatusModel,
    Text,
    Time,
    exactly_one_of,
)


class MlflowModel(ApiModel):
    """One version of a registered model in MLflow."""

    name: Annotated[RegisteredName, Field(description="Name of the registered model.")]
    version: Annotated[ModelVersion, Field(description='The version to serve, quoted: `"3"`.')]


class Model(ApiModel):
    """What to serve, from one registry."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("mlflow"),)

    mlflow: Annotated[
        MlflowModel | None, Field(description="A version in the MLflow server of the operator's configuration.")
    ] = None
    overrides: Annotated[
        str | None,
        StringConstraints(pattern=r"^d-[0-9a-f]{10}$", max_length=12),
        Field(description="Id of the decision that quarantined this version: serve it all the same."),
    ] = None


class Inputs(ApiModel):
    """The rows the model scores by itself."""

    source_refs: Annotated[
        list[NamedRef], KeyedBy("name"), Field(min_length=1, max_length=1, description="The DataSource whose rows are scored.")
    ]
    every: Annotated[Duration, Field(description="The clock of the rows: one row at each multiple of this.")]
    max_age: Annotated[Duration, Field(description="A value older than this counts as missing.")] = "30s"


class Shadow(ApiModel):
    """The candidate scores the same rows beside the stable; nobody is served by it."""

    min_rows: Annotated[
        int, Between(20, 10_000_000), Field(description="Rows both must have scored before the step may end.")
    ] = 300


class Step(ApiModel):
    """One step of a rollout, of one sort. It ends on a Healthy verdict, never by time."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("shadow"),)

    shadow: Annotated[Shadow | None, Field(description="Score beside the stable.")] = None


class Rollout(ApiModel):
    """How a new version is judged before it serves."""

    steps: Annotated[
        list[Step], Field(min_length=1, max_length=1, description="In order; the version serves after the last.")
    ] = Field(default_factory=lambda: [Step(shadow=Shadow())])


class GitTarget(ApiModel):
    """The repository that a decision is committed to."""

    repository_ref: Annotated[
        Name, Field(description="Name of a repository that the operator's configuration grants this namespace.")
    ]


class ModelDeploymentSpec(ApiModel):
    """What to serve and how to change it."""

    suspend: Annotated[StrictBool, Field(description="True: leave everything as it is and do nothing.")] = False
    model: Annotated[Model, Field(description="What to serve.")]
    inputs: Annotated[
        Inputs | None,
        Field(
            description="Rows the model scores by itself; absent: it only answers requests, and without a DriftPolicy a new "
            "version serves as soon as it is loaded, since there are no rows to judge it on."
        ),
    ] = None
    rollout: Annotated[Rollout, Field(description="How a new version is judged before it serves.")] = Rollout()
    git: Annotated[
        GitTarget | None, Field(description="Where a decision is committed; absent: serving changes, git is not told.")
    ] = None
    placement: Annotated[Placement, Field(description="Where the server runs.")] = Placement()


class Candidate(StatusModel):
    """A revision being judged."""

    version: Annotated[ModelVersion, Field(description="Version in the model registry.")]
    digest: Annotated[Digest, Field(description="sha256 of model.onnx.")]
    step: Annotated[Text, Field(description="The rollout step it is in.")]
    progress: Annotated[
        str, StringConstraints(pattern=r"^[0-4]/4$", max_length=3), Field(description="Rows of this step so far, in quarters.")
    ] = "0/4"


class Quarantined(StatusModel):
    """A revision that was rolled back: not served again unless overridden."""

    version: Annotated[ModelVersion, Field(description="Version in the model registry.")]
    digest: Annotated[Digest, Field(description="sha256 of model.onnx.")]
    decision: Annotated[Text, Field(description="The decision that rolled it back.")]
    since: Annotated[Time, Field(description="Since when.")]


class ModelDeploymentStatus(StatusModel):
    """What is true of the deployment: `effective` comes only from what servers acknowledge."""

    observed_generation: Annotated[Generation, Field(description="The metadata.generation this status was made from.")] = -1
    conditions: Conditions = Field(default_factory=list)
    desired: Annotated[Revision | None, Field(description="What git asks for, as the registry knows it.")] = None
    effective: Annotated[Revision | None, Field(description="What answers now.")] = None
    candidate: Annotated[Candidate | None, Field(description="What is being judged.")] = None
    step: Annotated[Text | None, Field(description="Where the rollout stands.")] = None
    drift: Annotated[Text | None, Field(description="What the DriftPolicy says of the model.")] = None
    url: Annotated[Text | None, Field(description="Where predictions are asked for, inside the cluster.")] = None
    quarantined: Annotated[
        list[Quarantined], KeyedBy("digest"), Field(max_length=50, description="Revisions not to be served again.")
    ] = Field(default_factory=list)
    decisions: Annotated[
        list[ActedDecision], KeyedBy("id"), Field(max_length=10, description="Decisions acted on here, newest last.")
    ] = Field(default_factory=list)
