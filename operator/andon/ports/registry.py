"""What is a version of a registered model: which content has it, and where are its files?"""

import asyncio
import math
import os
import re
import time
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

import requests
from pydantic import ValidationError

from andon.api.config import Mlflow
from andon.api.golden import GOLDEN_FILE, GOLDEN_TAG
from andon.api.missing import Missing
from andon.api.quarantine import QUARANTINE_TAG, Conviction, from_tag, tag_of
from andon.api.slots import SlotModel
from andon.api.types import Digest, seconds
from andon.ports.blocking import Blocking, without_secrets
from andon.ports.firstsight import FirstSight
from andon.ports.guard import Guard, alone

T = TypeVar("T")

DIGEST_TAG: Final = "andon.digest"
PROFILE_TAG: Final = "andon.profile-digest"
FINGERPRINT_TAG: Final = "andon.spec"
_SOURCE: Final = re.compile(r"mlflow-artifacts:(?://[^/]*)?/(?P<folder>[^?#]+)")
_ELSEWHERE: Final = re.compile(r"(?!file:|models:|runs:)[a-z][a-z0-9+.-]*://[^?#]+")
"""Where MLflow keeps files without handing them out itself: a bucket, say, which the server reads with its own rights."""
_REMEMBERED: Final = 4096
ALIAS_FRESH: Final = 30.0
"""Seconds for which an alias is not asked for again: nobody tells when it is moved."""
_IMPORT: Final = 60.0
_FILES: Final = "/api/2.0/mlflow-artifacts/artifacts"


class Registry(Protocol):
    """The versions that training registered."""

    async def resolve(self, name: str, version: str) -> SlotModel | Missing:
        """The content and the files of a version."""
        ...

    async def aliased(self, name: str, alias: str) -> str | Missing:
        """The version that an alias names, as it was half a minute ago at most."""
        ...

    async def find_version(self, name: str, fingerprint: str) -> str | Missing:
        """The version that was trained from the spec of this fingerprint; NotFound when there is none yet."""
        ...

    async def convictions(self, name: str, whose: str) -> tuple[Conviction, ...] | Missing:
        """Of all versions of a model, those that this deployment (namespace/name) has rolled back. Never from memory."""
        ...

    async def convict(self, name: str, conviction: Conviction) -> Missing | None:
        """Writes it down at the version, beside what is written there."""
        ...


class MlflowRegistry:
    """An MLflow server, asked by its own client. What a version is never changes, so that it is asked for once."""

    def __init__(self, config: Mlflow, may_write: Guard = alone) -> None:
        """Connects to nothing and imports nothing yet. may_write: asked before each tag."""
        self._may_write = may_write
        self._url = config.url.rstrip("/")
        self._timeout = seconds(config.timeout)
        self._blocking = Blocking("MLflow", config.url, workers=4, timeout=self._timeout)
        self._sight = FirstSight(self._url, self._blocking)
        self._client: Any = None
        self._known: dict[tuple[str, str], SlotModel] = {}
        self._convicting = asyncio.Lock()
        self._aliased: dict[tuple[str, str], tuple[float, str]] = {}

    async def resolve(self, name: str, version: str) -> SlotModel | Missing:
        """The content and the files of a version. NotFound names what there is not: the model or the version."""
        known = self._known.get((name, version))
        if known is not None:
            return known
        found = await self._ask(
            lambda client: (client.get_model_version(name, version), client.get_model_version_download_uri(name, version))
        )
        if isinstance(found, Missing):
            return await self._absent(name, version) if found.reason == "NotFound" else found
        resolved = self._resolved(name, *found)
        if isinstance(resolved, SlotModel):
            self._known[name, version] = resolved
            while len(self._known) > _REMEMBERED:
                del self._known[next(iter(self._known))]
        return resolved

    async def aliased(self, name: str, alias: str) -> str | Missing:
        """The version that an alias names, as it was half a minute ago at most. NotFound: it names none."""
        until, known = self._aliased.get((name, alias), (0.0, ""))
        if time.monotonic() < until:
            return known
        model = await self._ask(lambda client: client.get_registered_model(name))
        if isinstance(model, Missing):
            return await self._absent(name, "") if model.reason == "NotFound" else model
        if alias not in model.aliases:
            where = f"{self._blocking.where} has {name}, but no alias {alias} of it"
            return Missing("NotFound", f"{where}. Next: set it there, or name a version in git.")
        if len(self._aliased) >= _REMEMBERED:
            self._aliased.clear()
        version = str(model.aliases[alias])
        self._aliased[name, alias] = (time.monotonic() + ALIAS_FRESH, version)
        return version

    async def find_version(self, name: str, fingerprint: str) -> str | Missing:
        """The version that was trained from the spec of this fingerprint; the lowest, where two trainings raced."""
        wanted = f"name = '{_quotable(name)}' and tags.`{FINGERPRINT_TAG}` = '{_quotable(fingerprint)}'"
        found = await self._ask(lambda client: client.search_model_versions(wanted))
        if isinstance(found, Missing):
            return found
        versions = sorted(int(version.version) for version in found)
        return (
            str(versions[0])
            if versions
            else Missing("NotFound", f"no version of {name} was trained from spec {fingerprint} yet.")
        )

    async def convictions(self, name: str, whose: str) -> tuple[Conviction, ...] | Missing:
        """Of all versions of a model, those that this deployment (namespace/name) has rolled back. Never from memory."""
        wanted = f"name = '{_quotable(name)}' and tags.`{QUARANTINE_TAG}` LIKE '%{_quotable(whose)}%'"
        found = await self._ask(lambda client: client.search_model_versions(wanted))
        if isinstance(found, Missing):
            return found
        return tuple(said for version in found for said in _convictions(version) if said.whose == whose)

    async def convict(self, name: str, conviction: Conviction) -> Missing | None:
        """Writes it down at the version, beside what is written there: two deployments may serve one version."""
        async with self._convicting:
            found = await self._ask(lambda client: client.get_model_version(name, conviction.version))
            if isinstance(found, Missing):
                return found
            said = _convictions(found)
            return (
                None
                if conviction in said
                else await self.tag(name, conviction.version, QUARANTINE_TAG, tag_of([*said, conviction]))
            )

    async def tag(self, name: str, version: str, key: str, value: str) -> Missing | None:
        """Writes a tag of a version, over what was there."""
        done = await self._ask(lambda client: self._write_tag(client, name, version, key, value))
        return done if isinstance(done, Missing) else None

    def _write_tag(self, client: Any, name: str, version: str, key: str, value: str) -> None:
        self._may_write()
        client.set_model_version_tag(name, version, key, value)

    def close(self) -> None:
        """Let go of threads."""
        self._sight.close()
        self._blocking.close()

    async def _ask(self, question: Callable[[Any], T]) -> T | Missing:
        if self._client is None:
            client = await self._blocking.call(self._connect, within=_IMPORT)
            if isinstance(client, Missing):
                return client
            self._client = client
        return await self._blocking.call(lambda: self._answer(question))

    def _connect(self) -> Any:
        """Imports the library, which takes seconds; its own retries would take minutes."""
        os.environ |= {
            "MLFLOW_HTTP_REQUEST_TIMEOUT": str(math.ceil(self._timeout)),
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
        }
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self._url, registry_uri=self._url)

    def _answer(self, question: Callable[[Any], T]) -> T | Missing:
        from mlflow.exceptions import MlflowException

        try:
            return question(self._client)
        except MlflowException as error:
            weather = error.__cause__ or error.__context__
            if isinstance(weather, requests.RequestException):
                return self._blocking.missing(weather)
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return Missing("NotFound", f"{self._blocking.where} does not know it.")
            return self._blocking.answered(error.get_http_status_code(), error.message)

    async def _absent(self, name: str, version: str) -> Missing:
        """MLflow answers 404 to a missing version and to a missing model alike."""
        model = await self._ask(lambda client: client.get_registered_model(name))
        if isinstance(model, Missing):
            what = f"{self._blocking.where} has no registered model {name}. Next: train it, or correct the name."
            return Missing("NotFound", what) if model.reason == "NotFound" else model
        return Missing(
            "NotFound", f"{self._blocking.where} has {name}, but no version {version} of it. Next: commit one that is registered."
        )

    def _resolved(self, name: str, found: Any, source: str | None) -> SlotModel | Missing:
        """source: where its files are, also where the version itself only names what was logged (`models:/m-…`)."""
        what = f"version {found.version} of {name}"
        files = self._folder(source or "")
        if files is None:
            return Missing(
                "Malformed",
                f"{what} has its files at {source}, which no server can read. Next: log them in MLflow or a bucket and "
                "register anew.",
            )
        digest = found.tags.get(DIGEST_TAG) or self._seen(name, str(found.version), source or "")
        if isinstance(digest, Missing):
            return digest
        profile, golden = found.tags.get(PROFILE_TAG), found.tags.get(GOLDEN_TAG)
        try:
            return SlotModel(
                name=name,
                version=str(found.version),
                digest=digest,
                model=f"{files}/model.onnx",
                profile=f"{files}/profile.json" if profile else None,
                profile_digest=profile,
                golden=f"{files}/{GOLDEN_FILE}" if golden else None,
                golden_digest=golden,
            )
        except ValidationError as error:
            field = error.errors()[0]["loc"][-1]
            return Missing(
                "Malformed", f"{what}: its {field} is not of the form sha256:… . Next: correct the tag, or register anew."
            )

    def _seen(self, name: str, version: str, source: str) -> Digest | Missing:
        """The digest of a version that others registered."""
        handed_out = _SOURCE.fullmatch(source)
        if handed_out is None:
            return Missing(
                "NoDigest",
                f"version {version} of {name} has no tag {DIGEST_TAG}, and MLflow does not hand out its files, which are at "
                f"{source}. Next: set the tag to sha256:… of model.onnx, or register it by a TrainingPipeline.",
            )
        return self._sight.digest((name, version, source), f"{_FILES}/{handed_out['folder'].rstrip('/')}/model.onnx")

    def _folder(self, source: str) -> str | None:
        """The address at which a server reads the files of a version."""
        if handed_out := _SOURCE.fullmatch(source):
            folder = handed_out["folder"].rstrip("/")
            return f"{without_secrets(self._url)}{_FILES}/{folder}"
        return source.rstrip("/") if _ELSEWHERE.fullmatch(source) else None


def _convictions(version: Any) -> tuple[Conviction, ...]:
    """What a version says of itself: by whom it was rolled back, if at all."""
    return from_tag(str(version.version), version.tags.get(QUARANTINE_TAG, ""))


def _quotable(text: str) -> str:
    """Text for a search filter, which knows no escapes. Raises ValueError for a quote."""
    if "'" in text:
        raise ValueError(f"{text!r} cannot be searched for: it has a quote")
    return text
