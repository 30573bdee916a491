"""How is the API server reached? By KUBECONFIG, or by the service account that a pod is given."""

import base64
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class NoAccessError(ValueError):
    """The message names what is missing and what to set."""


class ClusterError(Exception):
    """The API server is away or refuses; the message says which."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where the API server is and who asks. A token file is read anew for each request: the kubelet replaces it every hour."""

    server: str
    ca: str
    token: str | None = None
    token_file: Path | None = None

    def headers(self) -> dict[str, str]:
        """The bearer of the next request. Raises OSError when the token file cannot be read."""
        token = self.token_file.read_text().strip() if self.token_file else self.token
        return {"authorization": f"Bearer {token}"}

    def tls(self) -> ssl.SSLContext:
        """Trusts the cluster's own authority and nobody else."""
        return ssl.create_default_context(cadata=self.ca)


def find(environment: Mapping[str, str] = os.environ) -> Access:
    """Raises NoAccessError."""
    if path := environment.get("KUBECONFIG"):
        return _from_kubeconfig(Path(path))
    host, port = environment.get("KUBERNETES_SERVICE_HOST"), environment.get("KUBERNETES_SERVICE_PORT", "443")
    if not host or not SERVICE_ACCOUNT.is_dir():
        raise NoAccessError("no cluster is known: set KUBECONFIG, run in a pod with a service account, or give --slots FILE")
    address = f"[{host}]" if ":" in host else host
    return Access(f"https://{address}:{port}", (SERVICE_ACCOUNT / "ca.crt").read_text(), token_file=SERVICE_ACCOUNT / "token")


def _from_kubeconfig(path: Path) -> Access:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        document = YAML(typ="safe").load(path.read_text())
        context = _named(document, "contexts", document["current-context"])["context"]
        cluster = _named(document, "clusters", context["cluster"])["cluster"]
        user = _named(document, "users", context["user"])["user"]
        return Access(
            server=str(cluster["server"]).rstrip("/"),
            ca=_authority(path, cluster),
            token=user.get("token"),
            token_file=path.parent / user["tokenFile"] if "tokenFile" in user else None,
        )
    except (OSError, YAMLError, KeyError, TypeError, ValueError) as error:
        raise NoAccessError(
            f"KUBECONFIG={path}: {error!r}; it needs a server, its authority, and a token or tokenFile"
        ) from error


def _named(document: Mapping[str, Any], section: str, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(entry for entry in document[section] if entry["name"] == name)
    return found


def _authority(path: Path, cluster: Mapping[str, Any]) -> str:
    if "certificate-authority-data" in cluster:
        return base64.b64decode(str(cluster["certificate-authority-data"])).decode()
    return (path.parent / str(cluster["certificate-authority"])).read_text()
