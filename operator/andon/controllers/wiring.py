"""Who must look again when something changes."""

from collections.abc import Callable, Iterator, Mapping

from andon.controllers.datasource import reads, sources_of
from andon.controllers.informer import Change, Informer, Object
from andon.controllers.policies import pipelines_for, policies_for, promotes_to, target_of
from andon.controllers.queue import Key, KeyedQueue
from andon.controllers.telemetry import Pulse


class Wiring:
    """Passes each change on to the queues of those whom it concerns."""

    def __init__(self) -> None:
        self.queues: Mapping[str, KeyedQueue] = {}
        self.pulse = Pulse(lambda: self.queues)
        self.informer = Informer(self._changed, self.pulse.answered)
        self._named: dict[tuple[str, Key], str] = {}

    def look_again_at_deployment(self, key: Key) -> None:
        """Git has answered."""
        self.queues["ModelDeployment"].add(key)

    def _changed(self, change: Change) -> None:
        for kind, key in self._concerned(change):
            self.queues[kind].add(key)

    def _concerned(self, change: Change) -> Iterator[tuple[str, Key]]:
        key = Key(change.namespace, change.name)
        yield change.kind, key
        if change.kind == "ModelDeployment" and not change.child:
            yield from self._watching(key)
            yield from self._training(key)
            yield from self._read_by(key)
        elif change.kind == "DriftPolicy":
            yield from self._acting_for(key)
        elif change.kind == "TrainingPipeline" and not change.child:
            yield from self._promoting(key)
        elif change.kind == "DataSource":
            yield from self._reading(key)

    def _acting_for(self, policy: Key) -> Iterator[tuple[str, Key]]:
        """The deployment that a policy targets, or did until now, who trains for it, and the DataSources it reads."""
        for target in self._targets("DriftPolicy", policy, target_of):
            yield "ModelDeployment", target
            yield from self._training(target)
            yield from self._read_by(target)

    def _promoting(self, pipeline: Key) -> Iterator[tuple[str, Key]]:
        """The policies that may ask this pipeline for something, and the other pipelines that may act in its place."""
        for target in self._targets("TrainingPipeline", pipeline, promotes_to):
            yield from self._watching(target)
            yield from (other for other in self._training(target) if other[1] != pipeline)

    def _targets(self, kind: str, key: Key, target: Callable[[Object], str]) -> list[Key]:
        """The deployments that an object names, or did until now."""
        obj, before = self.informer.get(kind, *key), self._named.pop((kind, key), "")
        now = target(obj) if obj is not None else ""
        if now:
            self._named[kind, key] = now
        return [Key(key.namespace, name) for name in sorted({before, now}) if name]

    def _watching(self, target: Key) -> Iterator[tuple[str, Key]]:
        yield from (("DriftPolicy", _key(p)) for p in policies_for(self.informer, target))

    def _training(self, target: Key) -> Iterator[tuple[str, Key]]:
        yield from (("TrainingPipeline", _key(p)) for p in pipelines_for(self.informer, target))

    def _read_by(self, deployment: Key) -> Iterator[tuple[str, Key]]:
        obj = self.informer.get("ModelDeployment", *deployment)
        if obj is not None:
            yield from (("DataSource", Key(deployment.namespace, name)) for name in sources_of(obj))

    def _reading(self, source: Key) -> Iterator[tuple[str, Key]]:
        deployments = self.informer.all("ModelDeployment", source.namespace)
        yield from (("ModelDeployment", _key(d)) for d in deployments if reads(d, source.name))
        for pipeline in self.informer.all("TrainingPipeline", source.namespace):
            if any(ref.get("name") == source.name for ref in pipeline["spec"].get("data", {}).get("sourceRefs", ())):
                yield "TrainingPipeline", _key(pipeline)


def _key(obj: Mapping[str, Mapping[str, str]]) -> Key:
    return Key(obj["metadata"]["namespace"], obj["metadata"]["name"])
