"""How does a command in a person's terminal reach the API server, and what is the person told when it does not?

Everything goes by path and query, in JSON as the API server has it: a command shows what is there, whatever its version.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import urllib3
import urllib3.exceptions
from kubernetes.client.exceptions import ApiException
from urllib3 import HTTPHeaderDict
from urllib3.util.retry import Retry

from andon.api import GROUP, VERSION
from andon.api.errors import UserError
from andon.ports.rights import right_to
from andon.ports.terminal_config import configured, connected

TIMEOUT: Final = 10.0
"""Seconds for one answer."""

JSON: Final = "application/json"
_UNTYPED: Final = "failed to create typed patch object"

UNKNOWN_KINDS: Final = "this cluster does not know Andon's kinds; install them: andon crds | kubectl apply --server-side -f -"

_RETRIES: Final = Retry(total=3, connect=0, read=0, redirect=0, raise_on_status=False)
"""An API server that says when to come again (it does so while it takes up a kind) is asked again; nobody else is."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is in the API. words: what it is, for messages, as `datasources in namespace plant-a`."""

    path: str
    words: str


class NotFoundError(Exception):
    """The API server has no such object, or no such kind; through it, a server has no such thing. body: what it said."""

    def __init__(self, words: str, body: bytes) -> None:
        super().__init__(f"there is no {words}")
        self.body = body


class AwayError(Exception):
    """The API server did not answer, or with an error of its own. Try again later."""


class RefusedError(UserError):
    """The API server does not let this person."""


def unanswered(place: Place, error: AwayError) -> UserError:
    """What a person is told whose command needs an answer and got none."""
    return UserError(f"the API server cannot be asked for {place.words} ({error}); check KUBECONFIG, or try again")


class InvalidError(UserError):
    """The API server will not have what was sent: its schema, or a policy of this cluster, speaks against it."""


class ApiServer:
    """kubeconfig: a file; by default what kubectl would take. timeout: seconds for one answer.

    Raises UserError when no cluster is configured.
    """

    def __init__(self, kubeconfig: str | None = None, timeout: float = TIMEOUT) -> None:
        self._client, self._in_the_name_of = connected(kubeconfig)
        self._client.rest_client.pool_manager.connection_pool_kw["retries"] = _RETRIES
        self._timeout = timeout

    def get(self, place: Place, query: Mapping[str, str] | None = None, accept: str = JSON) -> Any:
        """The document at a place. Raises NotFoundError, RefusedError and AwayError."""
        with self._answer("GET", place, query, {"Accept": accept}) as response:
            return json.loads(response.data)

    def send(self, method: str, place: Place, body: object, query: Mapping[str, str] | None = None, form: str = JSON) -> Any:
        """What the API server makes of it. form: the content type of a PATCH. Raises as `get`, and InvalidError."""
        headers = {"Accept": JSON, "Content-Type": form}
        with self._answer(method, place, query, headers, body=body) as response:
            return json.loads(response.data)

    def date(self, place: Place) -> tuple[Any, str | None]:
        """The document at a place, and the API server's own time, as HTTP has it. Raises as `get`."""
        with self._answer("GET", place, None, {"Accept": JSON}) as response:
            return json.loads(response.data), response.headers.get("Date")

    def read(self, place: Place, query: Mapping[str, str] | None = None, accept: str = JSON) -> Any:
        """The same for a command that can do nothing without it. Raises UserError alone."""
        try:
            return self.get(place, query, accept)
        except NotFoundError as error:
            raise UserError(f"{error}; see: andon get" if self._knows_our_kinds() else UNKNOWN_KINDS) from None
        except AwayError as error:
            raise unanswered(place, error) from error

    def _knows_our_kinds(self) -> bool:
        """As far as it says: who is not let in learns nothing of it."""
        try:
            self.get(Place(f"/apis/{GROUP}/{VERSION}", "Andon's kinds"))
        except NotFoundError:
            return False
        except (AwayError, RefusedError):
            return True
        return True

    def lines(self, place: Place, query: Mapping[str, str], longest: float) -> Iterator[Any]:
        """Documents of a stream, line by line, until the server ends it. longest: seconds without one. Raises as `get`."""
        with self._answer("GET", place, query, {"Accept": JSON}, timeout=(self._timeout, longest)) as response:
            rest = b""
            for chunk in response.stream(amt=None):
                *whole, rest = (rest + chunk).split(b"\n")
                yield from (json.loads(line) for line in whole if line)

    @contextmanager
    def _answer(
        self,
        method: str,
        place: Place,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str],
        *,
        timeout: float | tuple[float, float] | None = None,
        body: object = None,
    ) -> Iterator[urllib3.HTTPResponse]:
        verb, url, own, *content = self._client.param_serialize(
            method,
            place.path,
            query_params=list((query or {}).items()),
            header_params=dict(headers),
            body=body,
            auth_settings=["BearerToken"],
        )
        said = HTTPHeaderDict(own)
        said.extend(self._in_the_name_of)
        try:
            answer = self._client.call_api(verb, url, said, *content, _request_timeout=timeout or self._timeout)
            with closing(answer.response) as response:
                if response.status not in {200, 201}:
                    raise _said_no(method, place, query or {}, response)
                yield response
        except (urllib3.exceptions.HTTPError, ApiException, OSError, ValueError) as error:
            raise AwayError(type(error).__name__) from error


def current_namespace(kubeconfig: str | None = None) -> str:
    """The one that kubectl would take, `default` where none is set. Raises UserError for a file that is none of kubectl's."""
    return configured(kubeconfig).namespace


def _said_no(method: str, place: Place, query: Mapping[str, str], response: urllib3.HTTPResponse) -> Exception:
    match response.status:
        case 404:
            return NotFoundError(place.words, response.data)
        case 401:
            return RefusedError("the API server does not know you (401); log in again, or set KUBECONFIG")
        case 403:
            return _refused(method, place, query, _message(response.data))
        case 400 | 409 | 422:
            return InvalidError(f"the API server refuses {place.words}: {_message(response.data)}")
        case 500 if _UNTYPED in (said := _message(response.data)):  # its answer to an unknown field in an apply
            return InvalidError(f"the API server refuses {place.words}: {said.partition(': ')[2]}")
    return AwayError(f"it answered {response.status}")


def _refused(method: str, place: Place, query: Mapping[str, str], said: str) -> RefusedError:
    """Either a policy of the cluster denies it and says why, or a rule of RBAC is missing, which is named."""
    _, denied, why = said.partition("denied request: ")
    if denied:
        return RefusedError(f"this cluster does not let you change {place.words}: {why}")
    does = "read" if method == "GET" else "change"
    return RefusedError(f"the API server does not let you {does} {place.words} (403); {right_to(method, place.path, query)}")


def _message(body: bytes) -> str:
    """What the API server says, in one line."""
    try:
        said = json.loads(body).get("message", "")
    except (ValueError, AttributeError):
        return "it says nothing that can be read"
    return " ".join(str(said).split())
