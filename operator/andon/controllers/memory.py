"""What is remembered of a deployment outside its status: read when the status is lost, written when something is convicted."""

from collections import defaultdict
from typing import Final

from andon.api.config import OperatorConfig
from andon.api.deployment import ModelDeploymentSpec, ModelDeploymentStatus, Quarantined
from andon.api.missing import Missing
from andon.api.quarantine import Conviction
from andon.api.slots import SlotModel
from andon.controllers.queue import Key
from andon.ports.registry import Registry
from andon.ports.repository import Repository

_Told = tuple[Conviction, ...] | Missing | None
"""None: there is nobody to ask."""

RETRY: Final = 10.0
"""Seconds until the registry is told again what it could not be told."""


class Memory:
    """The registry's tags and git's trailers. Either is enough: a rollback leaves its trace in both."""

    def __init__(self, config: OperatorConfig, registry: Registry, repository: Repository) -> None:
        self._config, self._registry, self._repository = config, registry, repository
        self._recalled: dict[Key, tuple[Conviction, ...]] = {}
        self._recorded: dict[Key, set[str]] = defaultdict(set)

    async def recall(self, key: Key, spec: ModelDeploymentSpec, wanted: SlotModel | Missing) -> tuple[Conviction, ...] | Missing:
        """What was convicted here; Missing where there are some to ask and none answers. Told once, it is not asked again."""
        if key in self._recalled:
            return self._recalled[key]
        by_git, by_registry = await self._by_git(key, spec), await self._by_registry(key, spec, wanted)
        unread = [told for told in (by_git, by_registry) if isinstance(told, Missing)]
        answers = [told for told in (by_git, by_registry) if isinstance(told, tuple)]
        if unread and not answers:
            return Missing(unread[0].reason, " ".join(missing.detail for missing in unread))
        self._recalled[key] = tuple(conviction for answer in answers for conviction in answer)
        return self._recalled[key]

    def recorded(self, key: Key) -> frozenset[str]:
        """Decisions that the registry has been told of, by this process."""
        return frozenset(self._recorded.get(key, ()))

    async def record(self, key: Key, spec: ModelDeploymentSpec, status: ModelDeploymentStatus) -> float | None:
        """Tells the registry what it has not been told. Seconds until the next try, or until what it took down is in status."""
        model = spec.model.mlflow
        untold = [q for q in status.quarantined if not q.recorded and q.decision not in self._recorded.get(key, ())]
        if model is None or not untold:
            return None
        for entry in untold:
            if not await self._is_told(model.name, _conviction(key, entry)):
                return RETRY
            self._recorded[key].add(entry.decision)
        return 0.0

    def forget(self, key: Key) -> None:
        """The deployment is gone."""
        self._recalled.pop(key, None)
        self._recorded.pop(key, None)

    async def _is_told(self, name: str, conviction: Conviction) -> bool:
        """Also where there is nobody to tell it of: a version of this number that is another, or none."""
        known = await self._registry.resolve(name, conviction.version)
        if isinstance(known, Missing):
            return known.reason == "NotFound"
        return known.digest != conviction.digest or await self._registry.convict(name, conviction) is None

    async def _by_git(self, key: Key, spec: ModelDeploymentSpec) -> _Told:
        entry = self._config.repository(spec.git.repository_ref, key.namespace) if spec.git is not None else None
        return None if entry is None else await self._repository.convictions(entry, key.namespace, key.name)

    async def _by_registry(self, key: Key, spec: ModelDeploymentSpec, wanted: SlotModel | Missing) -> _Told:
        if spec.model.mlflow is None:
            return None
        if isinstance(wanted, Missing):
            return () if wanted.reason == "NotFound" else wanted
        said = await self._registry.convictions(spec.model.mlflow.name, wanted.version)
        return said if isinstance(said, Missing) else tuple(c for c in said if c.whose == str(key))


def _conviction(key: Key, entry: Quarantined) -> Conviction:
    return Conviction(entry.version, entry.digest, entry.decision, str(key))
