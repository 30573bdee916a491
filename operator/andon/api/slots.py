"""What operator and server say to each other: the watched ConfigMap `NAME-slots` down, `NAME-acks` up.

The operator writes one key, `slots.json`; each server replica writes one key named after its pod, on change only.
"""

import hashlib
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from andon.api.outputs import OnBadInput, Output
from andon.api.types import ApiModel, Decimals, Digest, Duration, ModelVersion, Revision, StatusModel, Time

SLOTS_KEY: Final = "slots.json"

Url = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9+.-]*://", max_length=2048)]
"""http(s), file, or what an installed fsspec file system brings (`s3://…`)."""


class SlotModel(ApiModel):
    """One revision and where its files are. name: of the registered model, since another may have the same version number.

    golden: inputs with the answers that they must get before the revision counts as loaded.
    """

    name: str | None = None
    version: ModelVersion
    digest: Digest
    model: Url
    profile: Url | None = None
    profile_digest: Digest | None = None
    golden: Url | None = None
    golden_digest: Digest | None = None

    @property
    def revision(self) -> Revision:
        """Version and digest alone."""
        return Revision(version=self.version, digest=self.digest)


class LabelSource(ApiModel):
    """Where labels come from and how late they may be."""

    url: Url
    delay: Duration


class RowSource(ApiModel):
    """Where rows come from and what counts as too old. labels: absent where the source has none.

    asset: the machine that they are of; absent: predictions name the deployment instead.
    """

    rows: Url
    asset: str | None = None
    every: Duration
    max_age: Duration
    labels: LabelSource | None = None


class EvidencePlan(ApiModel):
    """How evidence is folded."""

    margin: float = Field(default=0.10, gt=0, lt=10)


class ExplainPlan(ApiModel):
    """Which share of predictions is explained unasked."""

    sample: Decimals


class Slots(ApiModel):
    """What a server should hold and do now.

    reference: what served before the stable, scored in shadow for good. weight: percent of what consumers get that the candidate
    answers. threads: of ONNX Runtime, per slot.
    """

    namespace: str
    deployment: str
    stable: SlotModel | None
    candidate: SlotModel | None = None
    reference: SlotModel | None = None
    weight: int = Field(default=0, ge=0, le=100)
    inputs: RowSource | None = None
    evidence: EvidencePlan = EvidencePlan()
    outputs: list[Output] = Field(default_factory=list)
    on_bad_input: OnBadInput = OnBadInput.SUPPRESS
    explain: ExplainPlan | None = None
    threads: int = Field(default=1, ge=1, le=64)

    def text(self) -> str:
        """The bytes that are written and hashed: one form for one meaning."""
        return self.model_dump_json(by_alias=True)


def config_hash(text: str) -> str:
    """Names one content of `slots.json`: both sides hash the text as it stands."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class LoadError(StatusModel):
    """Why a revision could not be loaded: the digest, a stable word and a sentence."""

    digest: Digest
    reason: str
    message: str


class Ack(StatusModel):
    """What one server replica has loaded and serves: true when written, written on change only."""

    config_hash: str
    stable: Revision | None = None
    candidate: Revision | None = None
    reference: Revision | None = None
    weight: int = 0
    loaded: list[Digest] = Field(default_factory=list)
    since: Annotated[Time, Field(description="When a slot or the weight last changed in this process.")]
    error: LoadError | None = None
