"""Could a rollback be committed?

Beside the operator's own Secrets every deployment's line is tried dry. From a terminal, what the operator itself found is in the
condition GitInSync.
"""

import asyncio
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from andon.api import API_VERSION
from andon.api.config import OperatorConfig
from andon.api.decision import WriteBackMode
from andon.api.deployment import VERSION_LINE, ModelDeploymentSpec
from andon.api.errors import invalid
from andon.api.missing import Missing
from andon.api.policy import DriftPolicySpec
from andon.core.deployment.insync import AsMeant, has_line
from andon.doctor.examined import Examined, Patient, fail, ok, unknown, warn
from andon.watch.family import name_of, target_of
from andon.watch.standing import Object

if TYPE_CHECKING:  # what edits files and runs git is only needed beside the operator's keys
    from andon.ports.git.repository import GitRepository
    from andon.ports.git.writeback import Refused


def repositories(patient: Patient) -> Iterator[Examined]:
    """For each deployment that names a repository."""
    named = [obj for obj in patient.deployments if "git" in obj["spec"]]
    for obj in patient.deployments:
        if obj not in named:
            fix = "set spec.git.repositoryRef, or leave it: a rollback then is not committed"
            yield warn(f"git of {name_of(obj)}", "it names no repository", fix)
    if patient.mounted and patient.config is not None:
        yield from asyncio.run(_tried(patient, patient.config, named))
    else:
        yield from (_as_found(patient, obj) for obj in named)


def _as_found(patient: Patient, obj: Object) -> Examined:
    """By the operator."""
    name = f"git of {name_of(obj)}"
    said = next((c for c in obj.get("status", {}).get("conditions", ()) if c["type"] == "GitInSync"), None)
    if said is None:
        return unknown(name, "the operator has not looked yet", f"see whether it runs: kubectl logs {patient.operator}")
    if said["reason"] in set(AsMeant):
        return ok(name, f"the operator found nothing against a commit ({said['reason']})")
    tried = f"kubectl exec {patient.operator} -- andon doctor --config FILE"
    fix = f"docs/write-back.md; to try it with the operator's own keys: {tried}"
    return fail(name, f"{said['reason']}: {said['message']}", fix)


async def _tried(patient: Patient, config: OperatorConfig, deployments: list[Object]) -> list[Examined]:
    from andon.ports.git.repository import GitRepository

    with tempfile.TemporaryDirectory(prefix="andon-doctor-") as folder:
        git = GitRepository(Path(folder), secrets=Path(config.secrets_dir))
        try:
            return [await _tried_one(patient, config, git, obj) for obj in deployments]
        finally:
            await git.close()


async def _tried_one(patient: Patient, config: OperatorConfig, git: "GitRepository", obj: Object) -> Examined:
    from andon.ports.splice import ObjectRef

    reference, name, namespace = obj["spec"]["git"]["repositoryRef"], f"git of {name_of(obj)}", patient.namespace
    entry = config.repository(reference, namespace)
    if entry is None:
        fix = f"add namespace {namespace} to repositories[name={reference}].namespaces of the configuration"
        return fail(name, f"repository {reference} is not granted to {namespace}", fix)
    try:
        mode = _told_by(patient.policies, obj)
    except ValidationError as error:
        unread = invalid("there is a spec that this version cannot read", error)
        return unknown(name, str(unread), "correct it, or take the andon of the operator's version")
    if mode is None:
        return ok(name, "a rollback would change no line there: an alias or a file is named, or it is suspended")
    trouble = await git.preflight(entry, ObjectRef(API_VERSION, "ModelDeployment", namespace, name_of(obj)), VERSION_LINE, mode)
    return _as_tried(name, reference, trouble)


def _told_by(policies: Iterable[Object], deployment: Object) -> WriteBackMode | None:
    """How git would be told of a rollback; None where no line would change. Raises ValidationError for an unknown spec."""
    if not has_line(ModelDeploymentSpec.model_validate(deployment["spec"])):
        return None
    watching = (policy for policy in policies if target_of(policy) == name_of(deployment))
    oldest = min(watching, key=lambda policy: (policy["metadata"]["creationTimestamp"], name_of(policy)), default=None)
    return DriftPolicySpec.model_validate(oldest["spec"]).write_back.rollback if oldest else WriteBackMode.COMMIT


def _as_tried(name: str, reference: str, trouble: "Missing | Refused | None") -> Examined:
    if trouble is None:
        return ok(name, f"{reference} can be read and pushed to, and its line edited")
    said = trouble.detail if isinstance(trouble, Missing) else trouble.message
    return fail(name, f"{trouble.reason}: {said}", "docs/write-back.md")
