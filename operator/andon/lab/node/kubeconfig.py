"""Where is the API server, and as whom do we speak to it? Reads kubeconfig files, and writes the one a pod gets."""

import base64
import json
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Access:
    """One context of a kubeconfig, resolved. ca: PEM, or None for the system's."""

    server: str
    ca: str | None
    token: str | None = None
    token_file: Path | None = None
    certificate: tuple[str, str] | None = None

    def bearer(self) -> str | None:
        """The token of this moment: a token file is read anew each time, for it is rotated under us."""
        return self.token_file.read_text().strip() if self.token_file else self.token

    def tls(self) -> ssl.SSLContext:
        """A context that trusts this cluster and shows the client certificate, if there is one."""
        context = ssl.create_default_context(cadata=self.ca)
        if self.certificate:
            with tempfile.NamedTemporaryFile("w", suffix=".pem") as chain:  # OpenSSL takes certificates from files only
                chain.write("\n".join(self.certificate))
                chain.flush()
                context.load_cert_chain(chain.name)
        return context


def load(path: Path) -> Access:
    """The current context of the file. Raises ValueError naming the file and what is missing or not supported."""
    document: Json = yaml.safe_load(path.read_text()) or {}
    context = _named(path, document, "contexts", document.get("current-context"))["context"]
    cluster: Json = _named(path, document, "clusters", context.get("cluster"))["cluster"]
    user: Json = _named(path, document, "users", context.get("user"))["user"]
    if unsupported := {"exec", "auth-provider", "username"} & user.keys():
        raise ValueError(
            f"{path}: users[{context['user']}].user.{min(unsupported)} is not supported; use a token or a client certificate"
        )
    certificate, key = _pem(path, user, "client-certificate"), _pem(path, user, "client-key")
    return Access(
        server=str(cluster["server"]).rstrip("/"),
        ca=_pem(path, cluster, "certificate-authority"),
        token=user.get("token"),
        token_file=path.parent / user["tokenFile"] if "tokenFile" in user else None,
        certificate=(certificate, key) if certificate and key else None,
    )


def write(path: Path, access: Access, token_file: Path, namespace: str) -> None:
    """A kubeconfig for one pod: this cluster, its own rotated token, its own namespace."""
    cluster = {"server": access.server}
    if access.ca:
        cluster["certificate-authority-data"] = base64.b64encode(access.ca.encode()).decode()
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": "pod", "user": {"tokenFile": str(token_file)}}],
        "contexts": [{"name": "pod", "context": {"cluster": "lab", "user": "pod", "namespace": namespace}}],
        "current-context": "pod",
    }
    path.write_text(json.dumps(document, indent=1))


def _named(path: Path, document: Json, section: str, name: object) -> Json:
    for entry in document.get(section) or []:
        if entry.get("name") == name:
            return dict(entry)
    raise ValueError(f"{path}: {section} has no entry named {name!r}")


def _pem(path: Path, holder: Json, field: str) -> str | None:
    if data := holder.get(f"{field}-data"):
        return base64.b64decode(data).decode()
    return (path.parent / holder[field]).read_text() if field in holder else None
