"""A real Kubernetes control plane as four processes on the lab's own addresses, without root and without containers.

etcd, the API server (RBAC and Node authorization, audit log), controller manager and scheduler; nodes come from elsewhere.
"""

import json
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from andon.lab.authority import Authority
from andon.lab.crew import Component, LabError
from andon.lab.network import Network
from andon.lab.processes import Command
from andon.lab.toolchain import binary

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

# Reads are left out: they are most of the traffic and nobody counts them.
_AUDIT_POLICY: Final = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, verbs: [get, list, watch]}
- {level: Metadata}
"""

_ADMIN: Final = "lab-admin"
_APPROVERS: Final = "andon:approvers"

# Endpoint addresses may not be loopback, and a lab has no others: the lab's forwarders read pods instead.
_CONTROLLERS: Final = "*,-endpoints-controller,-endpointslice-controller"


class ControlPlane:
    """Where everything of one control plane is. Making one writes certificates and kubeconfigs; running it is the crew's part."""

    def __init__(self, folder: Path, network: Network) -> None:
        self.folder = folder
        self.network = network
        self.url = f"https://{network.control}:6443"
        self.audit_log = folder / "audit.log"
        self.authority = Authority(folder / "pki")
        self.kubeconfig = self.identity("admin", _ADMIN, "system:masters", _APPROVERS)
        self._etcd = f"http://{network.control}:2379"
        self._service_accounts = self.authority.key("service-accounts")
        (folder / "audit-policy.yaml").write_text(_AUDIT_POLICY)
        self._forget_predecessor()

    def identity(self, name: str, user: str, *groups: str) -> Path:
        """A kubeconfig for any identity: ``identity("edge-1", "system:node:edge-1", "system:nodes")``."""
        return self.authority.kubeconfig(self.folder / f"{name}.kubeconfig", self.url, user, groups)

    @cached_property
    def client(self) -> "ApiClient":
        """An administrator's client of the `kubernetes` library."""
        from kubernetes import config

        return config.new_client_from_config(str(self.kubeconfig))

    def kubectl(self, *arguments: str, stdin: str | None = None, limit: float = 30.0) -> str:
        """What kubectl printed, as administrator. Raises LabError with what it complained about, or after ``limit`` seconds."""
        command = [str(binary("kubectl")), f"--kubeconfig={self.kubeconfig}", *arguments]
        try:
            done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=limit)
        except subprocess.TimeoutExpired:
            raise LabError(f"kubectl {' '.join(arguments)}: no answer within {limit:.0f} s") from None
        if done.returncode != 0:
            raise LabError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def apply(self, path: str, body: dict[str, Any]) -> None:
        """Server-side apply of one object, given its path, as administrator. Raises OSError with the API server's answer."""
        self._request(path + "?fieldManager=lab&force=true", json.dumps(body).encode(), "PATCH")

    def read(self, path: str) -> Any:
        """An object of the API server by its path, as administrator. Raises OSError while it is not there."""
        return self._request(path, None, "GET")

    def _request(self, path: str, body: bytes | None, method: str) -> Any:
        """Without a library: the `kubernetes` client takes longer to import than a lab has time for."""
        context = ssl.create_default_context(cafile=str(self.authority.certificate))
        context.load_cert_chain(*self.authority.issued(_ADMIN))
        headers = {"Content-Type": "application/apply-patch+yaml"}
        request = urllib.request.Request(self.url + path, body, headers, method=method)  # noqa: S310 (the lab's own address)
        with urllib.request.urlopen(request, timeout=5.0, context=context) as response:  # noqa: S310
            return json.load(response)

    def components(self, *, scheduler: bool = True) -> tuple[Component, ...]:
        """The processes, in the order of their needs. The API server dies without etcd, so it waits for it."""
        core = (
            Component("etcd", self._etcd_command, lambda: answers(f"{self._etcd}/health")),
            Component("kube-apiserver", self._apiserver_command, lambda: self._healthy(6443, "/readyz"), needs=("etcd",)),
            Component("kube-controller-manager", self._manager_command, lambda: self._healthy(10257), needs=("kube-apiserver",)),
        )
        last = Component("kube-scheduler", self._scheduler_command, lambda: self._healthy(10259), needs=("kube-apiserver",))
        return (*core, last) if scheduler else core

    def _forget_predecessor(self) -> None:
        """kubectl keeps for hours what an address could do: another lab had this one, perhaps without our kinds."""
        shutil.rmtree(Path.home() / ".kube/cache/discovery" / f"{self.network.control}_6443", ignore_errors=True)

    def _healthy(self, port: int, path: str = "/healthz") -> bool:
        """The controller manager and the scheduler make their own certificates in memory: nothing could verify those."""
        trust = self.authority.certificate if port == 6443 else None
        return answers(f"https://{self.network.control}:{port}{path}", trust)

    def _etcd_command(self) -> Command:
        peer = f"http://{self.network.control}:2380"
        options = {
            "data-dir": self.folder / "etcd",
            "name": "lab",
            "listen-client-urls": self._etcd,
            "advertise-client-urls": self._etcd,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": f"lab={peer}",
            "unsafe-no-fsync": "true",
            "log-level": "warn",
        }
        return _command("etcd", options, self._etcd)

    def _apiserver_command(self) -> Command:
        names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost"]
        certificate, key = self.authority.server("kube-apiserver", names, [self.network.control, self.network.first_service])
        options = {
            "etcd-servers": self._etcd,
            "bind-address": self.network.control,
            "advertise-address": self.network.control,
            "endpoint-reconciler-type": "none",
            "secure-port": 6443,
            "tls-cert-file": certificate,
            "tls-private-key-file": key,
            "client-ca-file": self.authority.certificate,
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": self._service_accounts,
            "service-account-signing-key-file": self._service_accounts,
            "service-cluster-ip-range": self.network.services,
            "authorization-mode": "Node,RBAC",
            "audit-policy-file": self.folder / "audit-policy.yaml",
            "audit-log-path": self.audit_log,
            "audit-log-maxsize": 0,
        }
        return _command("kube-apiserver", options, self.url)

    def _manager_command(self) -> Command:
        identity = self.identity("kube-controller-manager", "system:kube-controller-manager")
        options = {
            **self._client_options(identity, 10257),
            "controllers": _CONTROLLERS,
            "service-account-private-key-file": self._service_accounts,
            "root-ca-file": self.authority.certificate,
            "use-service-account-credentials": "true",
            # Each of forty controllers asks for its identity first: at the usual 20 requests a second that takes 4 s.
            "kube-api-qps": 400,
            "kube-api-burst": 400,
        }
        return _command("kube-controller-manager", options, f"https://{self.network.control}:10257")

    def _scheduler_command(self) -> Command:
        identity = self.identity("kube-scheduler", "system:kube-scheduler")
        return _command("kube-scheduler", self._client_options(identity, 10259), f"https://{self.network.control}:10259")

    def _client_options(self, identity: Path, port: int) -> dict[str, object]:
        return {
            "kubeconfig": identity,
            "authentication-kubeconfig": identity,
            "authorization-kubeconfig": identity,
            "bind-address": self.network.control,
            "secure-port": port,
            "leader-elect": "false",
        }


def answers(url: str, trust: Path | None = None) -> bool:
    """Whether this address answers 200 within a second. trust: the authority of its certificate; None: whatever it shows."""
    context = ssl.create_default_context(cafile=str(trust)) if trust else ssl._create_unverified_context()  # noqa: S323 (a health check on loopback)
    try:
        with urllib.request.urlopen(url, timeout=1.0, context=context) as response:  # noqa: S310 (addresses are the lab's own)
            return bool(response.status == 200)
    except urllib.error.HTTPError:
        return False


def _command(name: str, options: dict[str, object], address: str) -> Command:
    return Command((binary(name), *(f"--{key}={value}" for key, value in options.items())), address=address)
