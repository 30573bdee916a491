"""What a document declares: an object of one of the four kinds, or something that they may name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar, cast

from andon.api.datasource import DataSourceSpec
from andon.api.deployment import ModelDeploymentSpec
from andon.api.kinds import Kind
from andon.api.pipeline import TrainingPipelineSpec
from andon.api.policy import DriftPolicySpec
from andon.api.types import ApiModel
from andon.lint.finding import Finding, Severity
from andon.lint.source import Document, Step

Spec = TypeVar("Spec", bound=ApiModel, covariant=True)  # noqa: PLC0105 - a parameter of a frozen value
Other = TypeVar("Other", bound=ApiModel)


@dataclass(frozen=True, slots=True)
class Declared(Generic[Spec]):
    """One object of the four kinds whose spec is understood."""

    kind: Kind
    name: str
    namespace: str | None
    spec: Spec
    document: Document

    def __str__(self) -> str:
        return f"{self.kind.name} {self.name}"

    def says(self, *path: Step) -> bool:
        """Whether a person wrote this field of the spec: what is a default is nobody's mistake."""
        return ("spec", *path) in self.document.marks

    def error(self, rule: str, message: str, *path: Step) -> Finding:
        """About a field of the spec."""
        return self._found(Severity.ERROR, rule, message, path)

    def warning(self, rule: str, message: str, *path: Step) -> Finding:
        """The same of what was probably not meant."""
        return self._found(Severity.WARNING, rule, message, path)

    def _found(self, severity: Severity, rule: str, message: str, path: Sequence[Step]) -> Finding:
        whole = ("spec", *path)
        line, column = self.document.at(*whole)
        return Finding(self.document.file, line, column, severity, rule, message, str(self), written(whole))


@dataclass(frozen=True, slots=True)
class World:
    """All that was read. whole: folders were given, so that what is not here is nowhere.

    names: kind and name of everything, also of objects whose spec is not understood, and of other kinds. unclear: something is
    there of which not even that is known, so that nothing is missing for certain.
    """

    objects: tuple[Declared[ApiModel], ...]
    names: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    whole: bool = False
    unclear: bool = False

    @property
    def claims(self) -> set[str]:
        """Names of PersistentVolumeClaims."""
        return {name for kind, name in self.names if kind == "PersistentVolumeClaim"}

    @property
    def sources(self) -> list[Declared[DataSourceSpec]]:
        """All DataSources."""
        return list(self._of(DataSourceSpec))

    @property
    def pipelines(self) -> list[Declared[TrainingPipelineSpec]]:
        """All TrainingPipelines."""
        return list(self._of(TrainingPipelineSpec))

    @property
    def deployments(self) -> list[Declared[ModelDeploymentSpec]]:
        """All ModelDeployments."""
        return list(self._of(ModelDeploymentSpec))

    @property
    def policies(self) -> list[Declared[DriftPolicySpec]]:
        """All DriftPolicies."""
        return list(self._of(DriftPolicySpec))

    def _of(self, model: type[Other]) -> Iterator[Declared[Other]]:
        return (cast(Declared[Other], obj) for obj in self.objects if isinstance(obj.spec, model))


def refused(
    document: Document, rule: str, message: str, path: tuple[Step, ...], label: str = "", *, key: bool = False
) -> Finding:
    """What the API server would refuse. label: of the object. key: it is about the key, not about what stands there."""
    line, column = document.key_at(*path) if key else document.at(*path)
    return Finding(document.file, line, column, Severity.ERROR, rule, message, label, written(path))


def named(found: Sequence[Declared[Other]], beside: Declared[ApiModel], name: str) -> Declared[Other] | None:
    """The one of this name in the namespace of another; a namespace that a Kustomization adds later is any."""
    return next((obj for obj in found if obj.name == name and same_namespace(obj, beside)), None)


def same_namespace(one: Declared[ApiModel], other: Declared[ApiModel]) -> bool:
    """As far as the files say."""
    return one.namespace == other.namespace or None in {one.namespace, other.namespace}


def written(path: Sequence[Step]) -> str:
    """As people write it: `spec.tags[3].node`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
