"""Who must look again when something changes."""

from collections.abc import Iterator, Mapping

from andon.controllers.datasource import reads, sources_of
from andon.controllers.informer import Change, Informer
from andon.controllers.policies import policies_for, target_of
from andon.controllers.queue import Key, KeyedQueue
from andon.controllers.telemetry import Pulse


class Wiring:
    """Passes each change on to the queues of those whom it concerns."""

    def __init__(self) -> None:
        self.queues: Mapping[str, KeyedQueue] = {}
        self.pulse = Pulse(lambda: self.queues)
        self.informer = Informer(self._changed, self.pulse.answered)
        self._targets: dict[Key, str] = {}

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
            yield from self._read_by(key)
        elif change.kind == "DriftPolicy":
            yield from self._acting_for(key)
        elif change.kind == "DataSource":
            yield from self._reading(key)

    def _acting_for(self, policy: Key) -> Iterator[tuple[str, Key]]:
        """The deployment that a policy targets, or did until now, and the DataSources it reads."""
        obj, before = self.informer.get("DriftPolicy", *policy), self._targets.pop(policy, None)
        now = target_of(obj) if obj is not None else None
        if now is not None:
            self._targets[policy] = now
        for name in {before, now} - {None, ""}:
            target = Key(policy.namespace, str(name))
            yield "ModelDeployment", target
            yield from self._read_by(target)

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
