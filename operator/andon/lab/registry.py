"""The model registry: a real MLflow server on SQLite that also keeps the artifacts."""

import sys
from pathlib import Path

from andon.lab.controlplane import answers
from andon.lab.crew import Component
from andon.lab.network import Network
from andon.lab.processes import Command


class Registry:
    """MLflow in one process. It is the slowest to start, so nothing is in its needs."""

    def __init__(self, folder: Path, network: Network) -> None:
        self._folder = folder / "mlflow"
        self._host = network.control
        self.url = f"http://{network.control}:5000"

    def component(self) -> Component:
        """Ready when a real call is answered: ``/health`` answers while every other path refuses the host's name."""
        question = f"{self.url}/api/2.0/mlflow/registered-models/search?max_results=1"
        return Component("mlflow", self._command, lambda: answers(question), limit=180.0)

    def _command(self) -> Command:
        """What `mlflow server` would start (mlflow/server/__init__.py), without the parent that would wait beside it.

        A second process costs 250 MB, and the child would survive when the parent is killed.
        """
        self._folder.mkdir(exist_ok=True)
        environment = {
            "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{self._folder / 'mlflow.db'}",
            "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
            "_MLFLOW_SERVER_ARTIFACT_DESTINATION": str(self._folder / "artifacts"),
            "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
            "_MLFLOW_SGI_NAME": "uvicorn",
            "MLFLOW_SERVER_ALLOWED_HOSTS": "127.*,localhost:*,*.svc:*",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }
        server = ("uvicorn", "--host", self._host, "--port", "5000", "--log-level", "warning", "mlflow.server.fastapi_app:app")
        return Command((sys.executable, "-m", *server), environment, self.url)
