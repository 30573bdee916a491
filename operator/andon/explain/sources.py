"""Where is it read what a decision was made from? Objects from the API server, evidence from Prometheus, tags from the server."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

import requests
import urllib3.exceptions
from kubernetes import config
from kubernetes.client import CoreV1Api, CustomObjectsApi
from kubernetes.client.exceptions import ApiException
from urllib3.util.retry import Retry

from andon.api import GROUP, VERSION
from andon.api.errors import UserError
from andon.api.kinds import KINDS
from andon.api.missing import Missing
from andon.explain.find import Object
from andon.explain.recorded import Recorded, recorded
from andon.ports.cluster import connect

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

Report = Mapping[str, Any]
"""What a server says at `/drift`."""

_TIMEOUT: Final = 10.0
_RETRIES: Final = Retry(total=3, connect=0, read=0, redirect=0, raise_on_status=False)
"""An API server that says when to come again (it does so while it takes up a kind) is asked again; nobody else is."""
_POINTS: Final = 240
"""Points of a line: more than a plot is wide are not seen."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Which evidence: of one deployment, these questions and, if given, of this revision (12 hex digits) and these subjects."""

    namespace: str
    deployment: str
    questions: tuple[str, ...]
    begin: datetime
    end: datetime
    revision: str | None = None
    subjects: tuple[str, ...] = ()

    def selector(self) -> str:
        """As Prometheus reads it."""
        labels = {"namespace": self.namespace, "deployment": self.deployment, "question": "|".join(self.questions)}
        if self.revision:
            labels["revision"] = self.revision
        if self.subjects:
            labels["subject"] = "|".join(self.subjects)
        inner = ",".join(f'{name}=~"{value}"' for name, value in labels.items())
        return f'{{__name__=~"andon_evidence_(log_e|value)",{inner}}}'


class Sources(Protocol):
    """What an explanation is made from."""

    def objects(self, namespace: str) -> tuple[Object, ...]:
        """All objects of the four kinds. Raises UserError when they cannot be read: without them there is nothing to tell."""
        ...

    def evidence(self, ask: Ask) -> Recorded | Missing:
        """How the evidence grew."""
        ...

    def drift(self, namespace: str, deployment: str) -> Report | Missing:
        """What the server says of the last blocks of every tag."""
        ...


class Live:
    """A running cluster. prometheus: its address, None where nobody named one."""

    def __init__(self, prometheus: str | None, kubeconfig: str | None = None) -> None:
        self._prometheus = prometheus
        self._client = _connected(kubeconfig)

    def objects(self, namespace: str) -> tuple[Object, ...]:
        """See Sources."""
        api = CustomObjectsApi(self._client)
        found: list[Object] = []
        for kind in KINDS:
            try:
                listed = api.list_namespaced_custom_object(GROUP, VERSION, namespace, kind.plural, _request_timeout=_TIMEOUT)
            except ApiException as error:
                raise UserError(_refused(kind.plural, namespace, error)) from error
            except urllib3.exceptions.HTTPError as error:
                raise UserError(f"the API server cannot be reached ({type(error).__name__}); check KUBECONFIG") from error
            found += [{"kind": kind.name, **item} for item in listed["items"]]
        return tuple(found)

    def evidence(self, ask: Ask) -> Recorded | Missing:
        """See Sources."""
        if self._prometheus is None:
            return Missing("Unreachable", "no Prometheus was named. Next: --prometheus URL, or set ANDON_PROMETHEUS.")
        step = max(1.0, (ask.end - ask.begin).total_seconds() / _POINTS)
        asked = {"query": ask.selector(), "start": ask.begin.timestamp(), "end": ask.end.timestamp(), "step": step}
        answer = _got(f"{self._prometheus.rstrip('/')}/api/v1/query_range", asked)
        if isinstance(answer, Missing):
            return answer
        try:
            return recorded(answer["data"]["result"], ask.begin, ask.end, step)
        except (KeyError, TypeError, ValueError):
            return Missing("Malformed", f"{self._prometheus} did not answer as Prometheus does. Next: check the address.")

    def drift(self, namespace: str, deployment: str) -> Report | Missing:
        """See Sources. Through the API server first; from inside the cluster's network also straight to the Service."""
        service = f"{deployment}-serve"
        api = CoreV1Api(self._client)
        with suppress(ApiException, urllib3.exceptions.HTTPError):
            response = api.connect_get_namespaced_service_proxy_with_path(
                f"{service}:8080", namespace, "drift", _request_timeout=_TIMEOUT, _preload_content=False
            )
            return _as_report(response.json())
        try:
            address = api.read_namespaced_service(service, namespace, _request_timeout=_TIMEOUT).spec.cluster_ip
        except (ApiException, urllib3.exceptions.HTTPError):
            return Missing("NotFound", f"there is no Service {service} in {namespace}. Next: see whether the deployment serves.")
        answer = _got(f"http://{address}:8080/drift", {})
        return answer if isinstance(answer, Missing) else _as_report(answer)


def current_namespace() -> str:
    """The one that kubectl would take, `default` where none is set."""
    with suppress(config.ConfigException):
        _, context = config.list_kube_config_contexts()
        return str(context["context"].get("namespace") or "default")
    return "default"


def _connected(kubeconfig: str | None) -> "ApiClient":
    try:
        client = connect(kubeconfig)
    except config.ConfigException as error:
        raise UserError(f"no cluster is configured ({error}); set KUBECONFIG") from error
    client.rest_client.pool_manager.connection_pool_kw["retries"] = _RETRIES
    return client


def _got(url: str, params: Mapping[str, Any]) -> Any:
    """The JSON at an address, or why there is none."""
    try:
        response = requests.get(url, params=params, timeout=_TIMEOUT)
        response.raise_for_status()
        return response.json()
    except requests.Timeout:
        return Missing("Timeout", f"{url} did not answer within {_TIMEOUT:.0f} s.")
    except requests.HTTPError as error:
        return Missing("Refused", f"{url} answered {error.response.status_code}.")
    except requests.JSONDecodeError:
        return Missing("Malformed", f"{url} did not answer in JSON. Next: check the address.")
    except requests.RequestException as error:
        return Missing("Unreachable", f"{url} cannot be reached ({type(error).__name__}). Next: check the address.")


def _as_report(document: Any) -> Report | Missing:
    if isinstance(document, dict) and isinstance(document.get("history"), dict):
        return document
    return Missing("Malformed", "the server's /drift has no history. Next: check that server and `andon` are of one version.")


def _refused(plural: str, namespace: str, error: ApiException) -> str:
    if error.status == 404:
        return "this cluster does not know Andon's kinds; install them: andon crds | kubectl apply --server-side -f -"
    if error.status in {401, 403}:
        return f"the API server does not let you read {plural} in namespace {namespace} ({error.status}); ask for the right to"
    return f"the API server answered {error.status} when asked for {plural} in namespace {namespace}; try again"
