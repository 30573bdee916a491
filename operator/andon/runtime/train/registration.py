"""One version per fingerprint, whatever happens: the registry side of training.

The version is created last, in one request that is never sent twice; a run without a version is harmless. Two pods of one Job
may still race: the lowest version stays, the other pod takes its own away.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from andon.runtime.train.outcome import Outcome, TrainingFailed, TryAgain

FINGERPRINT_TAG: Final = "andon.spec"
_ENVIRONMENT: Final = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",  # a repeated POST may register twice; the Job retries the whole
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


class Registration:
    """One registered model on one MLflow server. Raises TryAgain: RegistryUnavailable, and TrainingFailed: RegistryRefused."""

    def __init__(self, uri: str, model: str) -> None:
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient

        self._uri = uri
        self._model = model
        self._client = MlflowClient(tracking_uri=uri, registry_uri=uri)

    def find(self, fingerprint: str) -> Outcome | None:
        """The version that stands for this fingerprint, if there is one."""
        with self._weather():
            versions = self._versions(fingerprint)
            return self._outcome(versions[0]) if versions else None

    def register(
        self, experiment: str, files: Mapping[str, bytes], metrics: Mapping[str, float], tags: Mapping[str, str]
    ) -> Outcome:
        """One run with these files and metrics, and one version of it with these tags, among them the fingerprint."""
        with self._weather():
            self._ensure_model()
            run = self._client.create_run(self._experiment(experiment), tags=dict(tags))
            for name, value in metrics.items():
                self._client.log_metric(run.info.run_id, name, value)
            self._upload(run.info.run_id, files)
            self._client.set_terminated(run.info.run_id)
            ours = self._client.create_model_version(
                self._model, run.info.artifact_uri, run.info.run_id, tags=dict(tags), await_creation_for=0
            )
            return self._outcome(self._only(ours, tags[FINGERPRINT_TAG]))

    def _versions(self, fingerprint: str) -> list[Any]:
        found = self._client.search_model_versions(f"name = '{self._model}' and tags.`{FINGERPRINT_TAG}` = '{fingerprint}'")
        return sorted(found, key=lambda version: int(version.version))

    def _only(self, ours: Any, fingerprint: str) -> Any:
        first = self._versions(fingerprint)[0]
        if int(first.version) < int(ours.version):
            self._client.delete_model_version(self._model, str(ours.version))
        return first

    def _outcome(self, version: Any) -> Outcome:
        metrics = self._client.get_run(version.run_id).data.metrics
        return Outcome(version=str(version.version), digest=version.tags["andon.digest"], metrics=metrics)

    def _ensure_model(self) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.create_registered_model(self._model)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _experiment(self, name: str) -> str:
        from mlflow.exceptions import MlflowException

        try:
            return str(self._client.create_experiment(name))
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        return str(self._client.get_experiment_by_name(name).experiment_id)

    def _upload(self, run_id: str, files: Mapping[str, bytes]) -> None:
        with TemporaryDirectory(prefix="andon-train-") as folder:
            for name, content in files.items():
                (Path(folder) / name).write_bytes(content)
            self._client.log_artifacts(run_id, folder)

    @contextmanager
    def _weather(self) -> Iterator[None]:
        """Tells a server that is away (try again) from one that says no (a person must look)."""
        import requests
        from mlflow.exceptions import MlflowException

        try:
            yield
        except (requests.RequestException, MlflowException) as error:
            status = error.get_http_status_code() if isinstance(error, MlflowException) else 503
            if status >= 500 or status == 429:
                raise TryAgain("RegistryUnavailable", f"MLflow at {self._uri}: {error}; the Job tries again") from error
            raise TrainingFailed("RegistryRefused", f"MLflow at {self._uri} refused: {error}") from error
