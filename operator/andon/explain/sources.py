"""Where is it read what a decision was made from? Objects from the API server, evidence from Prometheus, tags from the server."""

from collections.abc import Mapping
from typing import Any, Protocol

from andon.api import GROUP, VERSION
from andon.api.kinds import KINDS
from andon.api.missing import Missing
from andon.explain.find import Object
from andon.explain.prometheus import Ask, remembered
from andon.explain.recorded import Recorded
from andon.explain.server import Server, asked
from andon.ports.terminal import ApiServer, Place

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
        self._api = ApiServer(kubeconfig)

    def objects(self, namespace: str) -> tuple[Object, ...]:
        """See Sources."""
        found: list[Object] = []
        for kind in KINDS:
            place = Place(
                f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{kind.plural}", f"{kind.plural} in namespace {namespace}"
            )
            listed = self._api.read(place)
            found += [{"kind": kind.name, **item} for item in listed["items"]]
        return tuple(found)

    def evidence(self, ask: Ask) -> Recorded | Missing:
        """See Sources."""
        return remembered(self._prometheus, ask)

    def drift(self, namespace: str, deployment: str) -> Report | Missing:
        """See Sources."""
        answer = asked(self._api, Server(namespace, deployment), "drift")
        if isinstance(answer, Missing):
            return Missing(answer.reason, f"{answer.detail} Through the API server it needs the right to get services/proxy.")
        return _as_report(answer)


def _as_report(document: Any) -> Report | Missing:
    if isinstance(document, dict) and isinstance(document.get("history"), dict):
        return document
    return Missing("Malformed", "the server's /drift has no history. Next: check that server and `andon` are of one version.")
