"""DriftPolicy: when a model, or the data it feeds on, is at fault, and what to do about it."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, StrictBool

from andon.api.conditions import Conditions, LastHandled
from andon.api.decision import Action, Decision, Verdict
from andon.api.permissions import Actions, Authorities, Budget, Unseen, WriteBacks
from andon.api.signals import Signal
from andon.api.types import (
    ApiModel,
    Between,
    Decimals,
    Duration,
    FeatureName,
    Generation,
    KeyedBy,
    Message,
    Name,
    NamedRef,
    Revision,
    Rule,
    StatusModel,
    Text,
    Time,
    Word,
    within,
)


class EvidenceSpec(ApiModel):
    """How much must be seen before anything is decided."""

    rules: ClassVar[tuple[Rule, ...]] = (within("margin", "0.001", "9"), within("false_alarms_per_year", "0.001", "100"))

    min_rows: Annotated[int, Between(20, 10_000_000), Field(description="No verdict rests on fewer rows.")] = 300
    false_alarms_per_year: Annotated[
        Decimals,
        Field(description="How many automatic actions a year may be for nothing; fewer ask for more evidence for each."),
    ] = "1"
    margin: Annotated[
        Decimals,
        Field(description="How much larger a candidate's error may be: `\"0.10\"` is 10 % of the stable's on the same rows."),
    ] = "0.10"


class ExpectedShift(ApiModel):
    """A time in which the plant is known to move: shifts are noted and ask for nothing."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "timestamp(self.from) < timestamp(self.to)",
            "from must be before to",
            lambda window: window.from_ < window.to,
        ),
        Rule(
            "timestamp(self.to) - timestamp(self.from) <= duration('2160h')",
            "an expected shift lasts at most 90 days: what stays longer wants a new reference",
            lambda window: window.to - window.from_ <= timedelta(days=90),
        ),
    )

    from_: Annotated[Time, Field(alias="from", description="When it begins.")]
    to: Annotated[Time, Field(description="When it ends.")]
    reason: Annotated[Text, Field(description="Why, for those who read it later, for example `catalyst change`.")]


class DriftPolicySpec(ApiModel):
    """Every field but the target has a default that does for most."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.signals.all(one, !has(one.promql) || self.signals.exists_one(other, "
            "has(other.promql) && other.promql.name == one.promql.name))",
            "two signals must not have one name",
            lambda spec: len({s.promql.name for s in spec.signals}) == len(spec.signals),
        ),
    )

    suspend: Annotated[StrictBool, Field(description="True: decide nothing.")] = False
    dry_run: Annotated[StrictBool, Field(description="True: judge, and say what would be done; nothing is asked for.")] = False
    target_ref: Annotated[NamedRef, Field(description="The ModelDeployment to watch.")]
    interval: Annotated[Duration, Field(description="How often the evidence is read, at most twice a second.")] = "10s"
    signals: Annotated[list[Signal], Field(max_length=16, description="Queries of your own, beside what the server asks.")] = (
        Field(default_factory=list)
    )
    evidence: Annotated[EvidenceSpec, Field(description="How much must be seen before anything is decided.")] = EvidenceSpec()
    actions: Annotated[Actions, Field(description="What each verdict asks for.")] = Actions()
    authority: Annotated[Authorities, Field(description="On whose word each action is taken.")] = Authorities()
    write_back: Annotated[WriteBacks, Field(description="How git is told of each action.")] = WriteBacks()
    on_no_data: Annotated[Unseen, Field(description="When Prometheus answers and has no evidence.")] = Unseen.HOLD
    on_stale: Annotated[Unseen, Field(description="When the evidence is old or not a number.")] = Unseen.HOLD
    on_provider_error: Annotated[Unseen, Field(description="When Prometheus does not answer, or with an error.")] = Unseen.HOLD
    cooldown: Annotated[
        Duration,
        Field(
            description="After a Rollback or Retrain none follows for this long; twice as long after each repeat, to 16 times."
        ),
    ] = "30m"
    budget: Annotated[Budget, Field(description="How often actions may be taken for this target.")] = Budget()
    expected_shift: Annotated[
        list[ExpectedShift], Field(max_length=20, description="Times in which a shift of the plant asks for nothing.")
    ] = Field(default_factory=list)


class TagFault(StatusModel):
    """A tag that is not to be believed now."""

    tag: Annotated[FeatureName, Field(description="The tag.")]
    fault: Annotated[Text, Field(description="`Stuck`, `Missing`, `BadStatus`, `OutOfRange`, `Biased` or `Noisy`.")]
    since: Annotated[Time, Field(description="Since when.")]


class HeldAction(StatusModel):
    """An action that a verdict asks for and a guard rail refuses."""

    action: Annotated[Action, Field(description="What was asked for.")]
    verdict: Annotated[Verdict, Field(description="What the evidence said.")]
    from_: Annotated[Revision | None, Field(alias="from", description="The revision it is about; absent for tags.")] = None
    subjects: Annotated[list[FeatureName], Field(max_length=64, description="The tags it is about, most responsible first.")] = (
        Field(default_factory=list)
    )
    reason: Annotated[Word, Field(description="Which guard rail refused, as one stable word.")]
    message: Annotated[Message, Field(description="Why, and what to do next.")]
    since: Annotated[Time, Field(description="Since when.")]


class SignalState(StrEnum):
    """Where a signal of a user's own stands."""

    FIRING = "Firing"
    QUIET = "Quiet"
    MISSING = "Missing"


class SignalStatus(StatusModel):
    """One signal of spec.signals."""

    name: Annotated[Name, Field(description="Its name.")]
    state: Annotated[SignalState, Field(description="Whether it speaks for its verdict, or cannot be read.")]
    reason: Annotated[Word | None, Field(description="Why it cannot be read, as one word.")] = None
    since: Annotated[Time, Field(description="Since when.")]


class DriftPolicyStatus(StatusModel):
    """What the evidence says."""

    observed_generation: Annotated[Generation, Field(description="The metadata.generation this status was made from.")] = -1
    last_handled_reconcile_at: LastHandled = None
    conditions: Conditions = Field(default_factory=list)
    verdict: Annotated[
        Verdict | None, Field(description="About the candidate while one is judged, about what serves otherwise.")
    ] = None
    judged: Annotated[Revision | None, Field(description="The revision the verdict is about.")] = None
    stable_verdict: Annotated[Verdict | None, Field(description="About what serves, also while a candidate is judged.")] = None
    stable_judged: Annotated[Revision | None, Field(description="The revision that stableVerdict is about.")] = None
    data_faults: Annotated[
        list[TagFault], KeyedBy("tag"), Field(max_length=1024, description="About the data, separately and at the same time.")
    ] = Field(default_factory=list)
    signals: Annotated[
        list[SignalStatus], KeyedBy("name"), Field(max_length=16, description="Where the signals of spec.signals stand.")
    ] = Field(default_factory=list)
    held: Annotated[list[HeldAction], Field(max_length=16, description="Actions that a guard rail refuses now.")] = Field(
        default_factory=list
    )
    decisions: Annotated[
        list[Decision], KeyedBy("id"), Field(max_length=10, description="Verdicts that ask for an action, newest last.")
    ] = Field(default_factory=list)
