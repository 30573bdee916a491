"""What operator and server say to each other: the watched ConfigMap `NAME-slots` down, `NAME-acks` up.

The operator writes one key, `slots.json`; each server replica writes one key named after its pod, on change only.
"""

import hashlib
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from andon.api.types import ApiModel, Digest, Duration, ModelVersion, Revision, StatusModel, Time

SLOTS_KEY: Final = "slots.json"

Url = Annotated[str, StringConstraints(pattern=r"^(https?|file)://", max_length=2048)]


class SlotModel(ApiModel):
    """One revision and where its files are. name: of the registered model, since another may have the same version number."""

    name: str | None = None
    version: ModelVersion
    digest: Digest
    model: Url
    profile: Url | None = None
    profile_digest: Digest | None = None

    @property
    def revision(self) -> Revision:
        """Version and digest alone."""
        return Revision(version=self.version, digest=self.digest)


class LabelSource(ApiModel):
    """Where labels come from and how late they may be."""

    url: Url
    delay: Duration


class RowSource(ApiModel):
    """Where rows come from and what counts as too old. labels: absent where the source has none."""

    rows: Url
    every: Duration
    max_age: Duration
    labels: LabelSource | None = None


class EvidencePlan(ApiModel):
    """How evidence is folded."""

    margin: float = Field(default=0.10, gt=0, lt=10)


class Slots(ApiModel):
    """What a server should hold and do now."""

    namespace: str
    deployment: str
    stable: SlotModel | None
    candidate: SlotModel | None = None
    inputs: RowSource | None = None
    evidence: EvidencePlan = EvidencePlan()

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
    loaded: list[Digest] = Field(default_factory=list)
    since: Annotated[Time, Field(description="When `stable` or `candidate` last changed in this process.")]
    error: LoadError | None = None
