"""ModelDeployment: which model is served where, on which rows, and how a new version is judged."""

from typing import Annotated, ClassVar, Final

from pydantic import Field, StrictBool, StringConstraints

from andon.api.conditions import Conditions, LastHandled
from andon.api.decision import ActedDecision, Rejections
from andon.api.outputs import OnBadInput, Output
from andon.api.pipeline import RegisteredName
from andon.api.pods import PodOverride
from andon.api.types import (
    ApiModel,
    Between,
    Decimals,
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
    Whole,
    exactly_one_of,
    within,
)

VERSION_LINE: Final = "spec.model.mlflow.version"
"""The one line in git that a rollback changes."""


class MlflowModel(ApiModel):
    """One version of a registered model in MLflow: named, or whatever an alias names there."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("version", "alias"),)

    name: Annotated[RegisteredName, Field(description="Name of the registered model.")]
    version: Annotated[ModelVersion | None, Field(description='The version to serve, quoted: `"3"`.')] = None
    alias: Annotated[
        str | None,
        StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$", max_length=128),
        Field(
            description="An alias in MLflow: moved there, it is a new version here within half a minute. Git has no line then "
            "that a rollback could write, and Andon never moves an alias."
        ),
    ] = None


class ModelFile(ApiModel):
    """A model outside any registry."""

    uri: Annotated[
        str,
        StringConstraints(pattern=r"^[a-z][a-z0-9+.-]*://[^\s@]+$", max_length=512),
        Field(description="model.onnx at `https://…`, `s3://…`, `file://…` (a path in the pod) or what else the image can read."),
    ]
    digest: Annotated[Digest, Field(description="sha256 of the file: what is fetched must have it.")]
    version: Annotated[ModelVersion, Field(description="What this content is called, quoted; a new content is a new version.")]
    profile: Annotated[Text | None, Field(description="Its profile (`andon profile`), likewise a URI.")] = None
    profile_digest: Annotated[Digest | None, Field(description="sha256 of the profile.")] = None


class Model(ApiModel):
    """What to serve, from one place."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("mlflow", "file"),)

    mlflow: Annotated[
        MlflowModel | None, Field(description="A version in the MLflow server of the operator's configuration.")
    ] = None
    file: Annotated[ModelFile | None, Field(description="A file outside any registry, named by its digest.")] = None
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


MinRows = Annotated[int, Between(20, 10_000_000)]


class Shadow(ApiModel):
    """The candidate scores the same rows beside the stable; nobody is served by it."""

    min_rows: Annotated[
        MinRows | None,
        Field(
            description="Rows both must have scored before the step may end; absent: 300, or as many as `inputs.every` brings in "
            "seven days where that is less, but never fewer than 20, the rows of one block of evidence."
        ),
    ] = None


class Pause(ApiModel):
    """Nothing goes on until time is up and a DriftPolicy, if one watches, says Healthy; a decision reverts all the same."""

    duration: Annotated[Duration, Field(description="How long, from the moment the step begins.")]


class Approval(ApiModel):
    """Nothing goes on until a person has approved this step of this version: the condition AwaitingApproval says how."""


class Step(ApiModel):
    """One step of a rollout, of one sort. It ends on rows and a Healthy verdict, by time or by a person's word."""

    rules: ClassVar[tuple[Rule, ...]] = (
        exactly_one_of("shadow", "weight", "pause", "approval"),
        Rule(
            "!has(self.minRows) || has(self.weight)",
            "minRows here belongs to weight; a shadow step has its own: shadow: {minRows: 300}",
            lambda step: step.min_rows is None or step.weight is not None,
        ),
    )

    shadow: Annotated[Shadow | None, Field(description="Score beside the stable.")] = None
    weight: Annotated[
        Annotated[int, Between(1, 99)] | None,
        Field(
            description="Percent of what consumers get that the candidate answers, the same asset always by the same revision."
        ),
    ] = None
    min_rows: Annotated[
        MinRows | None,
        Field(
            description="With weight: as in shadow, counted from this step's beginning, but never fewer than 20 for each 100 / "
            "weight, rounded up: until then it may have answered nobody. With neither spec.inputs nor a DriftPolicy: requests "
            "that were the candidate's to answer."
        ),
    ] = None
    pause: Annotated[Pause | None, Field(description="Wait for a time.")] = None
    approval: Annotated[Approval | None, Field(description="Wait for a person.")] = None


class Rollout(ApiModel):
    """How a new version is judged before it serves."""

    rules: ClassVar[tuple[Rule, ...]] = (within("error_budget", "0", "1"),)

    steps: Annotated[
        list[Step], Field(min_length=1, max_length=10, description="In order; the version serves after the last.")
    ] = Field(default_factory=lambda: [Step(shadow=Shadow())])
    error_budget: Annotated[
        Decimals,
        Field(
            description="Share of rows for which a first version, which has none to be held against, may have no finite answer; "
            "with neither spec.inputs nor a DriftPolicy, share of a candidate's requests that the stable may have to answer."
        ),
    ] = "0.01"
    progress_deadline: Annotated[
        Duration,
        Field(description="A version that is not loaded by then makes the deployment Stalled; it is tried all the same."),
    ] = "10m"


class Onnx(ApiModel):
    """ONNX Runtime in Andon's own server."""

    threads: Annotated[
        int, Between(1, 64), Field(description="Threads of one model; more than one helps large batches only.")
    ] = 1
    grpc: Annotated[
        StrictBool,
        Field(description="True: answer Open Inference Protocol over gRPC, too, on port 9000; it takes another 15 MB of memory."),
    ] = False


class Runtime(ApiModel):
    """What the model runs in."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("onnx"),)

    onnx: Annotated[Onnx | None, Field(description="Andon's own server.")] = None


class Access(ApiModel):
    """Who may ask for predictions, and how."""

    tls_ref: Annotated[NamedRef | None, Field(description="A Secret of type kubernetes.io/tls; absent: plain HTTP.")] = None
    token_ref: Annotated[
        NamedRef | None,
        Field(description="A Secret with `token`: requests need it as a bearer token, health and metrics do not."),
    ] = None


class Explain(ApiModel):
    """Which predictions are taken apart into what each feature contributed; any other one is when it is asked for."""

    rules: ClassVar[tuple[Rule, ...]] = (within("sample", "0", "1"),)

    sample: Annotated[Decimals, Field(description="Share of predictions that are explained unasked.")] = "0.01"


class GitTarget(ApiModel):
    """The repository that a decision is committed to."""

    repository_ref: Annotated[
        Name, Field(description="Name of a repository that the operator's configuration grants this namespace.")
    ]


class ModelDeploymentSpec(ApiModel):
    """What to serve and how to change it."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.inputs) || self.replicas <= 1",
            "with inputs there is one replica: each row is scored once",
            lambda spec: spec.inputs is None or spec.replicas <= 1,
        ),
        Rule(
            "has(self.inputs) || (!has(self.outputs) || self.outputs.size() == 0)",
            "outputs need inputs: predictions that are asked for go to who asks",
            lambda spec: spec.inputs is not None or not spec.outputs,
        ),
        Rule(
            "has(self.inputs) || !has(self.explain)",
            "explain needs inputs: who asks for a prediction asks for its explanation, too",
            lambda spec: spec.inputs is not None or spec.explain is None,
        ),
        Rule(
            "has(self.inputs) || self.onBadInput == 'Suppress'",
            "onBadInput needs inputs: who asks for a prediction is told of a bad value",
            lambda spec: spec.inputs is not None or spec.on_bad_input is OnBadInput.SUPPRESS,
        ),
        Rule(
            "!has(self.inputs) || !has(self.model.file) || has(self.model.file.profile)",
            "inputs need model.file.profile: it says what the rows of the model are made of",
            lambda spec: spec.inputs is None or spec.model.file is None or spec.model.file.profile is not None,
        ),
    )

    suspend: Annotated[StrictBool, Field(description="True: leave everything as it is and do nothing.")] = False
    model: Annotated[Model, Field(description="What to serve.")]
    inputs: Annotated[
        Inputs | None,
        Field(
            description="Rows the model scores by itself; absent: it only answers requests, and without a DriftPolicy a new "
            "version serves as soon as it is loaded, since there are no rows to judge it on."
        ),
    ] = None
    outputs: Annotated[
        list[Output], Field(max_length=8, description="Where predictions of `inputs` are sent, each at least once and in order.")
    ] = Field(default_factory=list)
    on_bad_input: Annotated[
        OnBadInput,
        Field(
            description="While a needed value is bad or missing, consumers get nothing (Suppress), the last good one, marked "
            "(LastGood), or the prediction of what was there, marked (Flag)."
        ),
    ] = OnBadInput.SUPPRESS
    explain: Annotated[Explain | None, Field(description="Why predictions are as they are.")] = None
    runtime: Annotated[Runtime, Field(description="What the model runs in.")] = Runtime(onnx=Onnx())
    access: Annotated[Access, Field(description="Who may ask for predictions.")] = Access()
    replicas: Annotated[
        int, Between(0, 100), Field(description="Servers; with `inputs` one, since each row is scored once. 0: none for now.")
    ] = 1
    rollout: Annotated[Rollout, Field(description="How a new version is judged before it serves.")] = Rollout()
    git: Annotated[
        GitTarget | None, Field(description="Where a decision is committed; absent: serving changes, git is not told.")
    ] = None
    placement: Annotated[Placement, Field(description="Where the server runs.")] = Placement()
    pod: Annotated[PodOverride, Field(description="What else the server's pods need.")] = PodOverride()


class Candidate(StatusModel):
    """A revision being judged."""

    version: Annotated[ModelVersion, Field(description="Version in the model registry.")]
    digest: Annotated[Digest, Field(description="sha256 of model.onnx.")]
    step: Annotated[Text, Field(description="The rollout step it is in.")]
    index: Annotated[Whole, Field(description="Which of spec.rollout.steps that is, from 0.")] = 0
    since: Annotated[Time | None, Field(description="When this step began.")] = None
    begun: Annotated[
        Time | None, Field(description="When its first step began: what people say of a step is said of this rollout only.")
    ] = None
    from_rows: Annotated[Whole, Field(description="Rows it had been judged on when this step began.")] = 0
    approvals: Annotated[
        dict[str, Text] | None, Field(max_length=10, description="Who approved which of its steps, by the step's id.")
    ] = None
    progress: Annotated[
        str, StringConstraints(pattern=r"^[0-4]/4$", max_length=3), Field(description="Rows of this step so far, in quarters.")
    ] = "0/4"


class Served(StatusModel):
    """A revision that answered: `andon.dev/pin` brings it back."""

    version: Annotated[ModelVersion, Field(description="Version in the model registry.")]
    digest: Annotated[Digest, Field(description="sha256 of model.onnx.")]
    since: Annotated[Time, Field(description="When it began to answer.")]
    by: Annotated[Text | None, Field(description="Who had it promoted or pinned, where a person did.")] = None


class Quarantined(StatusModel):
    """A revision that was rolled back: not served again unless overridden."""

    version: Annotated[ModelVersion, Field(description="Version in the model registry.")]
    digest: Annotated[Digest, Field(description="sha256 of model.onnx.")]
    decision: Annotated[Text, Field(description="The decision that rolled it back.")]
    since: Annotated[Time, Field(description="Since when.")]
    recorded: Annotated[
        StrictBool, Field(description="Whether its version in the registry says so, too: the tag `andon.quarantined`.")
    ] = False


class ModelDeploymentStatus(StatusModel):
    """What is true of the deployment: `effective` comes only from what servers acknowledge."""

    observed_generation: Annotated[Generation, Field(description="The metadata.generation this status was made from.")] = -1
    last_handled_reconcile_at: LastHandled = None
    conditions: Conditions = Field(default_factory=list)
    last_handled_promote: Annotated[
        Text | None, Field(description="The annotation andon.dev/promote, once the version it names serves: it promotes once.")
    ] = None
    desired: Annotated[Revision | None, Field(description="What git asks for, as the registry knows it.")] = None
    effective: Annotated[Revision | None, Field(description="What answers now.")] = None
    candidate: Annotated[Candidate | None, Field(description="What is being judged.")] = None
    step: Annotated[Text | None, Field(description="Where the rollout stands.")] = None
    drift: Annotated[Text | None, Field(description="What the DriftPolicy says of the model.")] = None
    reference: Annotated[
        Revision | None,
        Field(description="What served before: it goes on scoring in shadow, so that the model is watched for life."),
    ] = None
    url: Annotated[Text | None, Field(description="Where predictions are asked for, inside the cluster.")] = None
    service_name: Annotated[Text | None, Field(description="The Service in front of the servers.")] = None
    replicas: Annotated[Whole, Field(description="Servers there are, for the scale subresource.")] = 0
    selector: Annotated[Text | None, Field(description="The servers' labels, for the scale subresource.")] = None
    history: Annotated[
        list[Served], KeyedBy("digest"), Field(max_length=10, description="Revisions that answered, newest last.")
    ] = Field(default_factory=list)
    quarantined: Annotated[
        list[Quarantined], KeyedBy("digest"), Field(max_length=50, description="Revisions not to be served again.")
    ] = Field(default_factory=list)
    decisions: Annotated[
        list[ActedDecision], KeyedBy("id"), Field(max_length=10, description="Decisions acted on here, newest last.")
    ] = Field(default_factory=list)
    rejected: Rejections = Field(default_factory=list)
