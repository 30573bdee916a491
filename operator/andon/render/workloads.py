"""The children of each kind, as objects ready to apply."""

import json
from dataclasses import dataclass

from andon.api import API_VERSION
from andon.api.config import Images
from andon.api.datasource import DataSourceSpec, QuarantineWindow, RegimeTag
from andon.api.deployment import ModelDeploymentSpec
from andon.api.pipeline import TrainingPipelineSpec
from andon.api.slots import Slots
from andon.api.types import bytes_of
from andon.render.documents import Manifest, objects


@dataclass(frozen=True, slots=True)
class Owner:
    """The user's object that children belong to."""

    kind: str
    namespace: str
    name: str
    uid: str
    api_version: str = API_VERSION


def collector(owner: Owner, spec: DataSourceSpec, windows: list[QuarantineWindow], images: Images) -> tuple[Manifest, ...]:
    """A DataSource's collector and what it is told."""
    claim, folder = landing_of(spec)
    return objects(
        "collect.yaml.j2",
        owner=owner,
        config=_json({"spec": _plain(spec), "quarantine": [_plain(w) for w in windows]}),
        image=images.collect,
        claim=claim,
        folder=folder,
        ring_bytes=str(bytes_of(spec.ring.max_bytes) + 64 * 1024**2),
        node_selector=spec.placement.node_selector,
    )


def server(owner: Owner, spec: ModelDeploymentSpec, slots: Slots, images: Images) -> tuple[Manifest, ...]:
    """A ModelDeployment's server, its rights, and what its slots should hold."""
    return objects(
        "serve.yaml.j2", owner=owner, slots=slots.text(), image=images.serve, node_selector=spec.placement.node_selector
    )


def training_run(
    owner: Owner,
    spec: TrainingPipelineSpec,
    source: DataSourceSpec,
    *,
    job: str,
    fingerprint: str,
    mlflow: str,
    images: Images,
    decision: str | None = None,
) -> tuple[Manifest, ...]:
    """The Job that trains this spec once; once more for a decision to retrain."""
    claim, folder = landing_of(source)
    config = {"namespace": owner.namespace, "name": owner.name, "fingerprint": fingerprint, "spec": _plain(spec)}
    config |= {"regime": _plain(source.regime)} if source.regime else {}
    config |= {"decision": decision} if decision else {}
    return objects(
        "train.yaml.j2",
        owner=owner,
        job=job,
        config=_json(config),
        image=images.train,
        claim=claim,
        folder=folder,
        mlflow=mlflow,
        node_selector=spec.placement.node_selector,
    )


def landing_of(spec: DataSourceSpec) -> tuple[str, str]:
    """Claim and folder of `pvc://CLAIM/FOLDER`; the folder begins with a slash or is empty."""
    claim, _, folder = spec.landing.uri.removeprefix("pvc://").partition("/")
    return claim, f"/{folder}" if folder else ""


def _plain(model: DataSourceSpec | RegimeTag | TrainingPipelineSpec | QuarantineWindow) -> object:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
