"""DriftPolicy: when a model, or the data it feeds on, is at fault."""

from typing import Annotated, ClassVar

from pydantic import Field, StrictBool

from andon.api.conditions import Conditions
from andon.api.decision import Decision, Verdict
from andon.api.types import (
    ApiModel,
    Between,
    Decimals,
    Duration,
    FeatureName,
    Generation,
    KeyedBy,
    NamedRef,
    Revision,
    Rule,
    StatusModel,
    Text,
    Time,
    within,
)


class EvidenceSpec(ApiModel):
    """How much must be seen before anything is decided."""

    rules: ClassVar[tuple[Rule, ...]] = (within("margin", "0.001", "9"),)

    min_rows: Annotated[int, Between(20, 10_000_000), Field(description="No verdict rests on fewer rows.")] = 300
    margin: Annotated[
        Decimals,
        Field(description="How much larger a candidate's error may be: `\"0.10\"` is 10 % of the stable's reference RMSE."),
    ] = "0.10"


class DriftPolicySpec(ApiModel):
    """Every field but the target has a default that does for most."""

    suspend: Annotated[StrictBool, Field(description="True: decide nothing.")] = False
    target_ref: Annotated[NamedRef, Field(description="The ModelDeployment to watch.")]
    interval: Annotated[Duration, Field(description="How often the evidence is read, at most twice a second.")] = "10s"
    evidence: Annotated[EvidenceSpec, Field(description="How much must be seen before anything is decided.")] = EvidenceSpec()


class TagFault(StatusModel):
    """A tag that is not to be believed now."""

    tag: Annotated[FeatureName, Field(description="The tag.")]
    fault: Annotated[Text, Field(description="`Stuck`, `Missing` or `BadStatus`.")]
    since: Annotated[Time, Field(description="Since when.")]


class DriftPolicyStatus(StatusModel):
    """What the evidence says."""

    observed_generation: Annotated[Generation, Field(description="The metadata.generation this status was made from.")] = -1
    conditions: Conditions = Field(default_factory=list)
    verdict: Annotated[Verdict | None, Field(description="About the model.")] = None
    judged: Annotated[Revision | None, Field(description="The revision the verdict is about.")] = None
    data_faults: Annotated[
        list[TagFault], KeyedBy("tag"), Field(max_length=1024, description="About the data, separately and at the same time.")
    ] = Field(default_factory=list)
    decisions: Annotated[
        list[Decision], KeyedBy("id"), Field(max_length=10, description="Verdicts that ask for an action, newest last.")
    ] = Field(default_factory=list)
