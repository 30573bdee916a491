"""Where does MLflow keep a file, and who asks for it? As MLflow's own client has it, from the same environment."""

import base64
import os
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from andon.runtime.serve.slots.unloadable import UnloadableError

SCHEME: Final = "mlflow-artifacts"
_FILES: Final = "/api/2.0/mlflow-artifacts/artifacts"


def located(url: str, environment: Mapping[str, str] = os.environ) -> str:
    """`mlflow-artifacts://[HOST]/PATH` as the HTTP address of the tracking server. Raises UnloadableError where none is set."""
    server, named = urlsplit(environment.get("MLFLOW_TRACKING_URI", "")), urlsplit(url)
    if server.scheme not in {"http", "https"}:
        raise UnloadableError("SourceUnsupported", f"{url}: set MLFLOW_TRACKING_URI to the http address of MLflow")
    return f"{server.scheme}://{named.netloc or server.netloc}{server.path.rstrip('/')}{_FILES}{named.path}"


def credentials(url: str, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Headers for the tracking server that is set, and for nobody else."""
    server, asked = urlsplit(environment.get("MLFLOW_TRACKING_URI", "")), urlsplit(url)
    if (server.scheme, server.netloc) != (asked.scheme, asked.netloc):
        return {}
    name, password = environment.get("MLFLOW_TRACKING_USERNAME"), environment.get("MLFLOW_TRACKING_PASSWORD")
    if name and password:
        return {"authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}
    token = environment.get("MLFLOW_TRACKING_TOKEN")
    return {"authorization": f"Bearer {token}"} if token else {}
