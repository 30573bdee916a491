"""What is remembered of a deployment outside its status: read when the status is lost, written when something is convicted."""

from collections import defaultdict
from typing import Final

from andon.api.config import OperatorConfig
from andon.api.deployment import ModelDeploymentSpec, ModelDeploymentStatus, Quarantined
from andon.api.missing import Missing
from andon.api.quarantine import Conviction
from andon.controllers.queue import Key
from andon.ports.git.repository import Repository
from andon.ports.registry import Registry

_Told = tuple[Conviction, ...] | Missing | None
"""None: there is nobody to ask."""

_Whom = tuple[str | None, str | None]

RETRY: Final = 10.0
"""Seconds until the registry is told again what it could not be told."""


class Memory:
    """The registry's tags and git's trailers. Either is enough: a rollback leaves its trace in both."""

    def __init__(self, config: OperatorConfig, registry: Registry, repository: Repository) -> None:
        self._config, self._registry, self._repository = config, registry, repository
        self._recalled: dict[Key, tuple[_Whom, tuple[Conviction, ...]]] = {}
        self._recorded: dict[Key, set[str]] = defaultdict(set)

    async def recall(self, key: Key, spec: ModelDeploymentSpec) -> tuple[Conviction, ...] | Missing:
        """What was convicted here; Missing where there are some to ask and none answers. Who has told it is not asked again."""
        whom = _whom(spec)
        asked, known = self._recalled.get(key, (None, ()))
        if asked == whom:
            return known
        by_git, by_registry = await self._by_git(key, spec), await self._by_registry(key, spec)
        unread = [told for told in (by_git, by_registry) if isinstance(told, Missing)]
        answers = [told for told in (by_git, by_registry) if isinstance(told, tuple)]
        if unread and not answers:
            return Missing(unread[0].reason, " ".join(missing.detail for missing in unread))
        told = tuple(conviction for answer in answers for conviction in answer)
        self._recalled[key] = (whom, told)
        return told

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

    async def _by_registry(self, key: Key, spec: ModelDeploymentSpec) -> _Told:
        model = spec.model.mlflow
        return None if model is None else await self._registry.convictions(model.name, str(key))


def _whom(spec: ModelDeploymentSpec) -> _Whom:
    """Who can say: a repository, a registered model."""
    model, git = spec.model.mlflow, spec.git
    return (git.repository_ref if git is not None else None, model.name if model is not None else None)


def _conviction(key: Key, entry: Quarantined) -> Conviction:
    return Conviction(entry.version, entry.digest, entry.decision, str(key))
