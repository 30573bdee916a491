"""What does a deployment's own server say? Asked at its address, through the API server, or at its Service.

A terminal is seldom in the cluster's network: what it cannot reach itself, the API server may reach for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from andon.api.errors import UserError
from andon.api.missing import Missing
from andon.explain.fetch import fetched, reason_given
from andon.ports.terminal import ApiServer, AwayError, NotFoundError, Place

_SOON: Final = 3.0
"""Seconds: there are other ways."""
_USUAL: Final = "http://{name}-serve.{namespace}.svc:8080"


@dataclass(frozen=True, slots=True)
class Server:
    """Where a deployment's server is. url: as its status has it. token: of those who may ask; ca_file: whom to trust."""

    namespace: str
    name: str
    url: str | None = None
    token: str | None = None
    ca_file: str | None = None

    @property
    def service(self) -> str:
        """The Service in front of it."""
        return f"{self.name}-serve"

    @property
    def base(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self.url or _USUAL.format(name=self.name, namespace=self.namespace))
        return f"{parts.scheme}://{parts.netloc}"


def asked(api: ApiServer, server: Server, path: str, query: Mapping[str, str] | None = None) -> Any:
    """The JSON at a path of this server, or Missing for the last way that was tried. A server's own `NotFound` is an answer."""
    answer = _fetched(server, server.base, path, query)
    if isinstance(answer, Missing) and answer.reason not in {"NotFound", "Refused"} and server.token is None:
        answer = _proxied(api, server, path, query)
    if isinstance(answer, Missing) and answer.reason != "NotFound":
        address = _address(api, server)
        answer = address if isinstance(address, Missing) else _fetched(server, address, path, query)
    return answer


def _fetched(server: Server, base: str, path: str, query: Mapping[str, str] | None) -> Any:
    return fetched(f"{base}/{path}", query, _SOON, token=server.token, ca_file=server.ca_file)


def _proxied(api: ApiServer, server: Server, path: str, query: Mapping[str, str] | None) -> Any:
    """Without a token: the API server would take it for its own and pass on none."""
    parts = urlsplit(server.base)
    scheme = "https:" if parts.scheme == "https" else ""
    services = f"/api/v1/namespaces/{server.namespace}/services"
    place = Place(f"{services}/{scheme}{server.service}:{parts.port or 8080}/proxy/{path}", f"services/proxy of {server.service}")
    try:
        return api.get(place, query)
    except NotFoundError as error:
        said = reason_given(error.body)
        return Missing("NotFound", f"{said.rstrip('.')}.") if said else Missing("Unreachable", f"{error}.")
    except UserError as error:
        return Missing("Refused", str(error))
    except AwayError as error:
        return Missing("Unreachable", f"through the API server: {error}.")


def _address(api: ApiServer, server: Server) -> str | Missing:
    """The Service's own, for those in the cluster's network without its names."""
    place = Place(f"/api/v1/namespaces/{server.namespace}/services/{server.service}", f"Service {server.service}")
    try:
        address = api.get(place)["spec"]["clusterIP"]
    except (NotFoundError, AwayError, UserError) as error:
        return Missing("Unreachable", f"Service {server.service} in {server.namespace} cannot be read ({error}).")
    parts = urlsplit(server.base)
    return f"{parts.scheme}://{address}:{parts.port or 8080}"
