"""DataSource: which tags of which machine are collected, and where they land."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field, StrictBool, StringConstraints

from andon.api.conditions import Conditions, LastHandled
from andon.api.decision import Rejections
from andon.api.types import (
    ApiModel,
    Bytes,
    Duration,
    FeatureName,
    Generation,
    KeyedBy,
    Placement,
    Rule,
    StatusModel,
    Text,
    Time,
    exactly_one_of,
    within,
)


class OpcUa(ApiModel):
    """An OPC UA server, subscribed to and never written to."""

    endpoint: Annotated[
        str,
        StringConstraints(pattern=r"^opc\.tcp://[A-Za-z0-9.\-]+:[0-9]{1,5}(/.*)?$", max_length=512),
        Field(description="Address of the server, for example `opc.tcp://plant.plant-a.svc:4840`."),
    ]
    publishing_interval: Annotated[Duration, Field(description="How often the server sends what changed.")] = "1s"


class Tag(ApiModel):
    """One signal of the machine."""

    name: Annotated[FeatureName, Field(description="What the signal is called here: a column, a metric label.")]
    node: Annotated[
        str,
        StringConstraints(pattern=r"^nsu=[^;]+;(s|i|g|b)=.+$", max_length=512),
        Field(
            description="OPC UA node by namespace URI, for example `nsu=urn:plant:tep;s=XMEAS_7`. Indices change; URIs do not."
        ),
    ]
    unit: Annotated[Text | None, Field(description="Engineering unit, recorded with every value.")] = None


class RegimeTag(ApiModel):
    """What tells the states of the machine apart under which its data compare: a recipe, a product, a line state."""

    tag: Annotated[FeatureName, Field(description="One of `tags`, a number: its value names the regime, `3` for 3.0.")]
    settle: Annotated[
        Duration,
        Field(description="Rows are `Settling` for so long after a change, and while the tag is not Good."),
    ] = "1m"


class LabelTag(ApiModel):
    """Where the truth comes from that models are measured by, such as a laboratory's analysis."""

    tag: Annotated[FeatureName, Field(description="One of `tags`: what models predict, known later under its own time.")]
    delay: Annotated[
        Duration, Field(description="How late it may be. Predictions wait twice as long for their label, then no more.")
    ]


def _a_tag(field: str) -> Rule:
    """A field that names one of the tags, if it is there."""
    return Rule(
        f"!has(self.{field}) || self.tags.exists(t, t.name == self.{field}.tag)",
        f"{field}.tag must be the name of one of tags",
        lambda spec: getattr(spec, field) is None or getattr(spec, field).tag in {tag.name for tag in spec.tags},
    )


class Ring(ApiModel):
    """The collector's durable local log."""

    rules: ClassVar[tuple[Rule, ...]] = (within("max_bytes", "1Mi", "1Ti"),)

    max_bytes: Annotated[Bytes, Field(description="Size at which the oldest records are evicted, and counted.")] = "256Mi"


class Landing(ApiModel):
    """Where records are kept for training, as Parquet files."""

    uri: Annotated[
        str,
        StringConstraints(pattern=r"^pvc://[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(/[A-Za-z0-9_][A-Za-z0-9._\-]*)*$", max_length=512),
        Field(description="A folder on a PersistentVolumeClaim of this namespace: `pvc://CLAIM/FOLDER`."),
    ]
    rotate: Annotated[Duration, Field(description="How much time one Parquet file holds before the next is begun.")] = "1h"


class DataSourceSpec(ApiModel):
    """What to collect, by one driver."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("opcua"), _a_tag("regime"), _a_tag("labels"))

    suspend: Annotated[StrictBool, Field(description="True: leave everything as it is and do nothing.")] = False
    asset: Annotated[Text, Field(description="The machine these tags belong to, for example `reactor-1`.")]
    opcua: Annotated[OpcUa | None, Field(description="Driver: an OPC UA server.")] = None
    tags: Annotated[
        list[Tag],
        KeyedBy("name"),
        Field(min_length=1, max_length=1024, description="The signals to collect, each by a name of its own."),
    ]
    regime: Annotated[
        RegimeTag | None,
        Field(description="What tells apart under which states data compare; absent: all data are of one regime."),
    ] = None
    labels: Annotated[LabelTag | None, Field(description="Where the truth comes from; absent: models are judged without it.")] = (
        None
    )
    ring: Annotated[Ring, Field(description="The collector's durable local log.")] = Ring()
    landing: Annotated[Landing, Field(description="Where records are kept for training.")]
    placement: Annotated[Placement, Field(description="Where the collector runs.")] = Placement()


class QuarantineWindow(StatusModel):
    """A stretch of time in which some tags lied: kept from training and from model evidence."""

    decision: Annotated[Text, Field(description="The decision that asked for it: it is in the policy's status.")]
    policy: Annotated[Text, Field(description="The DriftPolicy that decided.")]
    tags: Annotated[list[FeatureName], Field(min_length=1, max_length=1024, description="The tags that are not to be believed.")]
    fault: Annotated[Text, Field(description="What was wrong with them, for example `Stuck`.")]
    since: Annotated[Time, Field(description="From when.")]
    until: Annotated[Time | None, Field(description="Until when; absent while it lasts.")] = None

    def covers(self, tag: str, at: datetime) -> bool:
        """Whether this tag is not to be believed at this time."""
        return tag in self.tags and self.since <= at and (self.until is None or at <= self.until)


class DataSourceStatus(StatusModel):
    """What is true of the collector."""

    observed_generation: Annotated[Generation, Field(description="The metadata.generation this status was made from.")] = -1
    last_handled_reconcile_at: LastHandled = None
    conditions: Conditions = Field(default_factory=list)
    rows_url: Annotated[Text | None, Field(description="Where aligned rows are read, inside the cluster.")] = None
    quarantine: Annotated[
        list[QuarantineWindow],
        KeyedBy("decision"),
        Field(max_length=100, description="Windows of tags not to be believed, newest last."),
    ] = Field(default_factory=list)
    rejected: Rejections = Field(default_factory=list)
