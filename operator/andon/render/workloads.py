"""The children of each kind, as objects ready to apply."""

import json
from dataclasses import dataclass

from andon.api import API_VERSION
from andon.api.config import Images
from andon.api.datasource import DataSourceSpec, QuarantineWindow
from andon.api.deployment import ModelDeploymentSpec
from andon.api.pipeline import TrainingPipelineSpec
from andon.api.pods import Resources
from andon.api.slots import Slots
from andon.api.types import ApiModel, bytes_of
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
    """A ModelDeployment's servers, their rights, and what their slots should hold."""
    pod, access = spec.pod, spec.access
    return objects(
        "serve.yaml.j2",
        owner=owner,
        slots=slots.text(),
        image=images.serve,
        replicas=spec.replicas,
        keeps_state=spec.inputs is not None,
        grpc=spec.runtime.onnx is not None and spec.runtime.onnx.grpc,
        secrets=secrets_of(spec),
        registry=pod.registry_secret_ref.name if pod.registry_secret_ref else None,
        tls=access.tls_ref.name if access.tls_ref else None,
        token=access.token_ref.name if access.token_ref else None,
        resources=_resources(pod.resources),
        placed=_placed(owner, spec),
    )


def secrets_of(spec: ModelDeploymentSpec) -> list[str]:
    """Names of the Secrets that the servers mount."""
    refs = (spec.access.tls_ref, spec.access.token_ref)
    names = {ref.name for ref in refs if ref is not None} | {o.secret for o in spec.outputs if o.secret is not None}
    return sorted(names)


def _resources(asked: Resources) -> dict[str, dict[str, str]]:
    return {"requests": {"cpu": asked.cpu, "memory": asked.memory}, "limits": {"memory": asked.memory_limit}}


def _placed(owner: Owner, spec: ModelDeploymentSpec) -> dict[str, object]:
    """The fields of a pod by which the cluster places it; those that say nothing are left out."""
    pod, mine = spec.pod, {"app.kubernetes.io/component": "serve", "andon.dev/kind": owner.kind, "andon.dev/name": owner.name}
    nodes = [_plain(requirement) for requirement in pod.affinity.nodes]
    needed = {"nodeSelectorTerms": [{"matchExpressions": nodes}]}
    apart = {"maxSkew": 1, "topologyKey": pod.affinity.spread, "whenUnsatisfiable": "ScheduleAnyway"}
    fields = {
        "nodeSelector": spec.placement.node_selector,
        "tolerations": [_plain(toleration) for toleration in pod.tolerations],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": needed}} if nodes else None,
        "topologySpreadConstraints": [apart | {"labelSelector": {"matchLabels": mine}}] if pod.affinity.spread else None,
        "imagePullSecrets": [_plain(ref) for ref in pod.image_pull_secrets],
        "priorityClassName": pod.priority_class_name,
    }
    return {field: value for field, value in fields.items() if value}


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


def _plain(model: ApiModel) -> object:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
