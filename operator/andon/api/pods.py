"""What a plant's cluster may need of a pod that Andon renders, and no more: everything else of it is Andon's."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from andon.api.types import ApiModel, NamedRef, Rule, Text

Cpu = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,5}m?$", max_length=7)]
Memory = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,5}(Ki|Mi|Gi)$", max_length=8)]


class Resources(ApiModel):
    """Requests and limits. CPU has no limit: a throttled server answers late for no gain."""

    cpu: Annotated[Cpu, Field(description="Request, for example `100m` or `1`.")] = "100m"
    memory: Annotated[Memory, Field(description="Request.")] = "128Mi"
    memory_limit: Annotated[Memory, Field(description="Limit: beyond it the pod is killed.")] = "256Mi"


class TaintEffect(StrEnum):
    """As Kubernetes has them."""

    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


class Toleration(ApiModel):
    """A taint that does not keep the pods away."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.operator == 'Exists' ? !has(self.value) : has(self.key)",
            "Equal needs a key; Exists has no value",
            lambda t: t.value is None if t.operator == "Exists" else t.key is not None,
        ),
    )

    key: Annotated[Text | None, Field(description="The taint's key; absent with Exists: any.")] = None
    operator: Annotated[Literal["Equal", "Exists"], Field(description="How value compares.")] = "Equal"
    value: Annotated[Text | None, Field(description="The taint's value.")] = None
    effect: Annotated[TaintEffect | None, Field(description="Absent: every effect.")] = None


class NodeRequirement(ApiModel):
    """One condition on a node's labels."""

    key: Annotated[Text, Field(description="A label's key.")]
    operator: Annotated[
        Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"],
        Field(description="How the label's value is held to values."),
    ]
    values: Annotated[list[Text], Field(max_length=32, description="Values; none for Exists and DoesNotExist.")] = Field(
        default_factory=list
    )


class Affinity(ApiModel):
    """Which nodes, beyond what labels alone can say, and whether replicas keep apart."""

    nodes: Annotated[list[NodeRequirement], Field(max_length=16, description="A node must meet all of them.")] = Field(
        default_factory=list
    )
    spread: Annotated[Text | None, Field(description="Replicas keep apart by this label of nodes, as far as they can.")] = (
        "kubernetes.io/hostname"
    )


class PodOverride(ApiModel):
    """The few fields of a pod that are the cluster's business."""

    resources: Annotated[Resources, Field(description="Requests and limits.")] = Resources()
    tolerations: Annotated[list[Toleration], Field(max_length=16, description="Taints that do not keep the pods away.")] = Field(
        default_factory=list
    )
    affinity: Annotated[Affinity, Field(description="Which nodes, and which apart.")] = Affinity()
    image_pull_secrets: Annotated[list[NamedRef], Field(max_length=8, description="Secrets of image registries.")] = Field(
        default_factory=list
    )
    registry_secret_ref: Annotated[
        NamedRef | None,
        Field(
            description="A Secret whose keys become environment variables of the server, for who fetches model files: "
            "`MLFLOW_TRACKING_URI`, `MLFLOW_TRACKING_USERNAME`, `MLFLOW_TRACKING_PASSWORD`, `MLFLOW_TRACKING_TOKEN`, `AWS_*`."
        ),
    ] = None
    priority_class_name: Annotated[Text | None, Field(description="A PriorityClass of the cluster.")] = None
