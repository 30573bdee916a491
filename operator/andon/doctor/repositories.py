"""Could a rollback be committed?

Beside the operator's own Secrets every deployment's line is tried dry. From a terminal, what the operator itself found is in the
condition GitInSync.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

from andon.api import API_VERSION
from andon.api.config import OperatorConfig
from andon.api.deployment import VERSION_LINE
from andon.api.missing import Missing
from andon.core.deployment.insync import AsMeant
from andon.doctor.examined import Examined, Patient, fail, ok, unknown, warn
from andon.watch.family import name_of
from andon.watch.standing import Object


def repositories(patient: Patient) -> Iterator[Examined]:
    """For each deployment that names a repository."""
    named = [obj for obj in patient.deployments if "git" in obj["spec"]]
    for obj in patient.deployments:
        if obj not in named:
            fix = "set spec.git.repositoryRef, or leave it: a rollback then is not committed"
            yield warn(f"git of {name_of(obj)}", "it names no repository", fix)
    if patient.mounted and patient.config is not None:
        yield from asyncio.run(_tried(patient.config, patient.namespace, named))
    else:
        yield from map(_as_found, named)


def _as_found(obj: Object) -> Examined:
    """By the operator."""
    name = f"git of {name_of(obj)}"
    said = next((c for c in obj.get("status", {}).get("conditions", ()) if c["type"] == "GitInSync"), None)
    if said is None:
        return unknown(name, "the operator has not looked yet", "see whether it runs: kubectl logs deploy/andon")
    if said["reason"] in set(AsMeant):
        return ok(name, f"the operator found nothing against a commit ({said['reason']})")
    fix = "docs/write-back.md; to try it with the operator's own keys: kubectl exec deploy/andon -- andon doctor --config FILE"
    return fail(name, f"{said['reason']}: {said['message']}", fix)


async def _tried(config: OperatorConfig, namespace: str, deployments: list[Object]) -> list[Examined]:
    from andon.ports.git.repository import GitRepository
    from andon.ports.splice import ObjectRef

    with tempfile.TemporaryDirectory(prefix="andon-doctor-") as folder:
        git = GitRepository(Path(folder), secrets=Path(config.secrets_dir))
        try:
            found = []
            for obj in deployments:
                reference, name = obj["spec"]["git"]["repositoryRef"], name_of(obj)
                entry = config.repository(reference, namespace)
                if entry is None:
                    fix = f"add namespace {namespace} to repositories[name={reference}].namespaces of the configuration"
                    found.append(fail(f"git of {name}", f"repository {reference} is not granted to {namespace}", fix))
                    continue
                trouble = await git.preflight(entry, ObjectRef(API_VERSION, "ModelDeployment", namespace, name), VERSION_LINE)
                found.append(_as_tried(name, reference, trouble))
            return found
        finally:
            await git.close()


def _as_tried(name: str, reference: str, trouble: object) -> Examined:
    if trouble is None:
        return ok(f"git of {name}", f"{reference} can be read and pushed to, and its line edited")
    said = trouble.detail if isinstance(trouble, Missing) else getattr(trouble, "message", str(trouble))
    return fail(f"git of {name}", f"{getattr(trouble, 'reason', '')}: {said}", "docs/write-back.md")
