"""Do the objects name each other rightly?

What is not there is an error where a folder was given, and a warning for single files: it may be in another one.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from andon.api.datasource import DataSourceSpec
from andon.api.errors import nearest
from andon.api.pipeline import TrainingPipelineSpec
from andon.api.types import ApiModel
from andon.lint.finding import Finding
from andon.lint.objects import Declared, World, named, same_namespace
from andon.lint.source import Step


def declared_once(world: World) -> Iterator[Finding]:
    """The second of two documents for one object would overwrite the first."""
    for index, obj in enumerate(world.objects):
        before = (o for o in world.objects[:index] if (o.kind, o.name, o.namespace) == (obj.kind, obj.name, obj.namespace))
        if (first := next(before, None)) is not None:
            line, _ = first.document.at()
            yield obj.error("DeclaredTwice", f"{obj} is declared at {first.document.file}:{line}, too; keep one of them")


def sources_exist(world: World) -> Iterator[Finding]:
    """Rows come from somewhere."""
    for pipeline in world.pipelines:
        for index, ref in enumerate(pipeline.spec.data.source_refs):
            yield from _exists(world, world.sources, pipeline, ref.name, "data", "sourceRefs", index, "name")
    for deployment in world.deployments:
        for index, ref in enumerate(deployment.spec.inputs.source_refs if deployment.spec.inputs else ()):
            yield from _exists(world, world.sources, deployment, ref.name, "inputs", "sourceRefs", index, "name")


def targets_exist(world: World) -> Iterator[Finding]:
    """A policy watches something, and a version is trained for something."""
    for policy in world.policies:
        yield from _exists(world, world.deployments, policy, policy.spec.target_ref.name, "targetRef", "name")
    for pipeline in world.pipelines:
        if pipeline.spec.promotion is not None:
            name = pipeline.spec.promotion.deployment_ref.name
            yield from _exists(world, world.deployments, pipeline, name, "promotion", "deploymentRef", "name")


def one_policy_each(world: World) -> Iterator[Finding]:
    """Of two policies for one target the older acts; which that is, no file says."""
    for index, policy in enumerate(world.policies):
        target = policy.spec.target_ref.name
        others = (o for o in world.policies[:index] if o.spec.target_ref.name == target and same_namespace(o, policy))
        if (other := next(others, None)) is not None:
            message = f"{other} watches {target} already: the older acts, the other is Stalled/TargetTaken; keep one"
            yield policy.error("TargetTaken", message, "targetRef", "name")


def one_trainer_each(world: World) -> Iterator[Finding]:
    """Of two pipelines for one deployment the older retrains."""
    for index, pipeline in enumerate(world.pipelines):
        name = _promotes(pipeline)
        others = (o for o in world.pipelines[:index] if name and _promotes(o) == name and same_namespace(o, pipeline))
        if (other := next(others, None)) is not None:
            message = f"{other} trains for {name} already: the older acts, the other never retrains; keep one"
            yield pipeline.error("TargetTaken", message, "promotion", "deploymentRef", "name")


def tags_are_collected(world: World) -> Iterator[Finding]:
    """A model learns from tags that its source has."""
    for pipeline in world.pipelines:
        source = source_of(world, pipeline)
        if source is None:
            continue
        tags = [tag.name for tag in source.spec.tags]
        wanted: list[tuple[str, tuple[Step, ...]]] = [(pipeline.spec.data.target, ("data", "target"))]
        wanted += [(feature.tag, ("features", index, "tag")) for index, feature in enumerate(pipeline.spec.features)]
        for tag, path in wanted:
            if tag not in tags:
                yield pipeline.error("TagUnknown", f"{source} has no tag {tag}{nearest(tag, tags)}", *path)


def claims_exist(world: World) -> Iterator[Finding]:
    """Where the folder has claims at all, the one that records land on should be among them."""
    for source in world.sources:
        claim = source.spec.landing.uri.removeprefix("pvc://").partition("/")[0]
        if world.whole and world.claims and claim not in world.claims:
            message = f"no PersistentVolumeClaim {claim} is here{nearest(claim, world.claims)}"
            yield source.warning("ReferenceMissing", message, "landing", "uri")


def source_of(world: World, pipeline: Declared[TrainingPipelineSpec]) -> Declared[DataSourceSpec] | None:
    """Whose landed records it reads."""
    return named(world.sources, pipeline, pipeline.spec.data.source_refs[0].name)


def _promotes(pipeline: Declared[TrainingPipelineSpec]) -> str | None:
    return pipeline.spec.promotion.deployment_ref.name if pipeline.spec.promotion else None


def _exists(
    world: World, there: Sequence[Declared[ApiModel]], obj: Declared[ApiModel], name: str, *path: Step
) -> Iterator[Finding]:
    kind = "DataSource" if "sourceRefs" in path else "ModelDeployment"
    broken = (kind, name) in world.names and all(o.name != name for o in there)
    if world.unclear or broken or named(there, obj, name) is not None:
        return
    near = nearest(name, (o.name for o in there if same_namespace(o, obj)))
    message = f"there is no {kind} {name} in what was read{near}"
    yield (obj.error if world.whole else obj.warning)("ReferenceMissing", message, *path)


REFERENCES: Final[tuple[Callable[[World], Iterator[Finding]], ...]] = (
    declared_once,
    sources_exist,
    targets_exist,
    one_policy_each,
    one_trainer_each,
    tags_are_collected,
    claims_exist,
)
