"""Who must look again when something changes."""

from collections.abc import Iterator, Mapping

from andon.controllers.datasource import reads, sources_of
from andon.controllers.informer import Change, Informer
from andon.controllers.policies import policies_for, target_of
from andon.controllers.queue import Key, KeyedQueue


class Wiring:
    """Passes each change on to the queues of those whom it concerns."""

    def __init__(self) -> None:
        self.informer = Informer(self._changed)
        self.queues: Mapping[str, KeyedQueue] = {}

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
            yield from (("DriftPolicy", _key(p)) for p in policies_for(self.informer, key))
        elif change.kind == "DriftPolicy":
            yield from self._acting_for(key)
        elif change.kind == "DataSource":
            yield from self._reading(key)

    def _acting_for(self, policy: Key) -> Iterator[tuple[str, Key]]:
        """The deployment that a policy targets, and the DataSources it reads. A deleted policy is looked up no more."""
        obj = self.informer.get("DriftPolicy", *policy)
        if obj is None:
            yield from (("ModelDeployment", _key(d)) for d in self.informer.all("ModelDeployment", policy.namespace))
            return
        target = Key(policy.namespace, target_of(obj))
        yield "ModelDeployment", target
        deployment = self.informer.get("ModelDeployment", *target)
        if deployment is not None:
            yield from (("DataSource", Key(policy.namespace, name)) for name in sources_of(deployment))

    def _reading(self, source: Key) -> Iterator[tuple[str, Key]]:
        deployments = self.informer.all("ModelDeployment", source.namespace)
        yield from (("ModelDeployment", _key(d)) for d in deployments if reads(d, source.name))
        for pipeline in self.informer.all("TrainingPipeline", source.namespace):
            if any(ref.get("name") == source.name for ref in pipeline["spec"].get("data", {}).get("sourceRefs", ())):
                yield "TrainingPipeline", _key(pipeline)


def _key(obj: Mapping[str, Mapping[str, str]]) -> Key:
    return Key(obj["metadata"]["namespace"], obj["metadata"]["name"])
