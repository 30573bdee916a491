"""Where is it read what a decision was made from? Objects from the API server, evidence from Prometheus, tags from the server."""

import json
from collections.abc import Mapping
from typing import Any, Protocol

import urllib3.exceptions
from kubernetes.client import CoreV1Api, CustomObjectsApi
from kubernetes.client.exceptions import ApiException

from andon.api import GROUP, VERSION
from andon.api.errors import UserError
from andon.api.kinds import KINDS
from andon.api.missing import Missing
from andon.explain.fetch import TIMEOUT, fetched
from andon.explain.find import Object
from andon.explain.prometheus import Ask, remembered
from andon.explain.recorded import Recorded
from andon.ports.terminal import UNKNOWN_KINDS, connected, refused

Report = Mapping[str, Any]
"""What a server says at `/drift`."""


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
        self._client = connected(kubeconfig)

    def objects(self, namespace: str) -> tuple[Object, ...]:
        """See Sources."""
        api = CustomObjectsApi(self._client)
        found: list[Object] = []
        for kind in KINDS:
            try:
                listed = api.list_namespaced_custom_object(GROUP, VERSION, namespace, kind.plural, _request_timeout=TIMEOUT)
            except ApiException as error:
                raise UserError(_refused(kind.plural, namespace, error)) from error
            except urllib3.exceptions.HTTPError as error:
                raise UserError(f"the API server cannot be reached ({type(error).__name__}); check KUBECONFIG") from error
            found += [{"kind": kind.name, **item} for item in listed["items"]]
        return tuple(found)

    def evidence(self, ask: Ask) -> Recorded | Missing:
        """See Sources."""
        return remembered(self._prometheus, ask)

    def drift(self, namespace: str, deployment: str) -> Report | Missing:
        """See Sources. Through the API server first; from inside the cluster's network also straight to the Service."""
        api, service = CoreV1Api(self._client), f"{deployment}-serve"
        try:
            return _as_report(_proxied(api, service, namespace))
        except (ApiException, urllib3.exceptions.HTTPError):
            return _directly(api, service, namespace)


def _proxied(api: CoreV1Api, service: str, namespace: str) -> Any:
    response = api.connect_get_namespaced_service_proxy_with_path(
        f"{service}:8080", namespace, "drift", _request_timeout=TIMEOUT, _preload_content=False
    )
    try:
        return json.loads(response.data)
    except ValueError:
        return None


def _directly(api: CoreV1Api, service: str, namespace: str) -> Report | Missing:
    try:
        address = api.read_namespaced_service(service, namespace, _request_timeout=TIMEOUT).spec.cluster_ip
    except (ApiException, urllib3.exceptions.HTTPError):
        return Missing("NotFound", f"Service {service} in {namespace} cannot be read. Next: see whether the deployment serves.")
    answer = fetched(f"http://{address}:8080/drift")
    if isinstance(answer, Missing):
        return Missing(answer.reason, f"{answer.detail} Through the API server it needs the right to get services/proxy.")
    return _as_report(answer)


def _as_report(document: Any) -> Report | Missing:
    if isinstance(document, dict) and isinstance(document.get("history"), dict):
        return document
    return Missing("Malformed", "the server's /drift has no history. Next: check that server and `andon` are of one version.")


def _refused(plural: str, namespace: str, error: ApiException) -> str:
    if error.status == 404:
        return UNKNOWN_KINDS
    if error.status in {401, 403}:
        return refused(f"{plural} in namespace {namespace}", error.status)
    return f"the API server answered {error.status} when asked for {plural} in namespace {namespace}; try again"
