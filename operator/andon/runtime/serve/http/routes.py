"""What does each address answer? Open Inference Protocol under /v2, and what the operator, Prometheus and people read.

A request to a model is answered from the batch of its tick; nothing here is asynchronous but what `pages` asks of the scoring
thread.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter
from typing import Any, Final

import orjson

from andon.runtime.serve.answering import Answer, Answering
from andon.runtime.serve.guard import Token
from andon.runtime.serve.http import connection
from andon.runtime.serve.http.encoding import packed, unpacked
from andon.runtime.serve.http.pages import Page
from andon.runtime.serve.http.request import Request, Respond, Response
from andon.runtime.serve.metrics import Metrics
from andon.runtime.serve.oip.http import ASSET, JSON_LENGTH, model_metadata, read, server_metadata, write
from andon.runtime.serve.oip.message import BusyError, RequestError
from andon.runtime.serve.slots.lineup import Lineup
from andon.runtime.serve.slots.loading import Loaded

LONGEST_PATH: Final = 400
_EXPOSITION: Final = b"text/plain; version=0.0.4; charset=utf-8"
_BINARY: Final = b"application/octet-stream"


@dataclass(frozen=True, slots=True)
class _Target:
    """An address of a model. verb: "infer", "ready" or nothing for its metadata."""

    name: str
    version: str | None
    verb: str


class Routes:
    """The handler of all requests. pages: what else can be read, by path. token: what all but probes must bear, if anything."""

    def __init__(
        self, answering: Answering, lineup: Lineup, metrics: Metrics, pages: Mapping[str, Page], token: Token | None
    ) -> None:
        self._answering = answering
        self._lineup = lineup
        self._metrics = metrics
        self._pages = pages
        self._token = token
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, request: Request, respond: Respond) -> None:
        """Answer, now or soon."""
        target = _found(request.path)
        if self._token and not _is_free(request.path) and not self._token.allows(request.headers.get(b"authorization")):
            respond(_refusal(RequestError(401, "this server asks for its token; send it as authorization: Bearer TOKEN")))
        elif target and target.verb == "infer":
            self._infer(target, request, respond)
        elif request.path not in self._pages:
            respond(self._get(target, request))
        elif request.method == b"GET":
            self._read(self._pages[request.path], request, respond)
        else:
            respond(_refusal(_wrong_method(request, "GET")))

    def refused(self, path: str, status: int, seconds: float) -> None:
        """A request was answered before it was whole; one to a model counts as any other."""
        target = _found(path)
        if target and target.verb == "infer":
            self._metrics.request(status, seconds)

    def _read(self, page: Page, request: Request, respond: Respond) -> None:
        async def answer() -> None:
            try:
                respond(_json(await page(request.query)))
            except RequestError as error:
                respond(_refusal(error))

        task = asyncio.create_task(answer())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _get(self, target: _Target | None, request: Request) -> Response:
        try:
            found = self._of_model(target) if target else self._of_server(request.path.rstrip("/"))
        except RequestError as error:
            return _refusal(error)
        if request.method != b"GET":
            return _refusal(_wrong_method(request, "GET"))
        return found

    def _of_server(self, path: str) -> Response:
        match path:
            case "/v2":
                return _json(server_metadata())
            case "/v2/health/live":
                return _json({"live": True})
            case "/v2/health/ready":
                return _readiness(self._lineup.stable is not None, {})
            case "/metrics":
                return Response(200, self._metrics.text(), content_type=_EXPOSITION)
            case "/slots":
                return _json(self._slots())
        model = f"the model is at /v2/models/{self._answering.name}"
        raise RequestError(
            404, f"there is nothing at {path[:200] or '/'}; {model}, and extensions of the protocol are not offered"
        )

    def _of_model(self, target: _Target) -> Response:
        if target.verb == "ready":
            return _readiness(self._answering.ready(target.name, target.version), {"name": target.name})
        loaded = self._answering.serving(target.name, target.version)
        versions = self._answering.versions if target.version is None else [target.version]
        about = model_metadata(loaded.model, target.name, versions)
        return _json(about | {"parameters": loaded.revision.model_dump()}, _signed(loaded.tag))

    def _infer(self, target: _Target, request: Request, respond: Respond) -> None:
        started, headers = perf_counter(), request.headers

        def reply(result: Answer | RequestError, loaded: Loaded | None) -> None:
            signed = _signed(loaded.tag) if loaded else b""
            if isinstance(result, RequestError):
                response = _refusal(result, signed)
            else:
                response = self._answer(result, signed, headers.get(b"accept-encoding"))
            self._metrics.request(response.status, perf_counter() - started)
            respond(response)

        try:
            if request.method != b"POST":
                raise _wrong_method(request, "POST")
            body = unpacked(request.body, headers.get(b"content-encoding"), connection.LARGEST_BODY)
            message = read(body, headers.get(JSON_LENGTH))
            if ASSET in headers:
                message = message._replace(asset=headers[ASSET].decode("latin-1"))
            self._answering.submit(message, target.name, target.version, reply)
        except RequestError as error:
            reply(error, None)

    def _answer(self, answer: Answer, signed: bytes, accepted: bytes | None) -> Response:
        loaded = answer.loaded
        body, json_length = write(answer.inference, loaded.model, self._answering.name, loaded.slot.version, answer.results)
        body, encoded = packed(body, accepted)
        if json_length is None:
            return Response(200, body, signed + encoded)
        return Response(200, body, b"%b%binference-header-content-length: %d\r\n" % (signed, encoded, json_length), _BINARY)

    def _slots(self) -> dict[str, Any]:
        """What is wanted and what is so."""
        wanted = self._lineup.wanted
        return {
            "ack": self._lineup.ack().model_dump(mode="json", by_alias=True),
            "wanted": wanted.model_dump(mode="json", by_alias=True) if wanted else None,
        }


def _found(path: str) -> _Target | None:
    """Which model a path is about, if any."""
    return _target(path) if len(path) <= LONGEST_PATH else None


@lru_cache(256)
def _target(path: str) -> _Target | None:
    match path.rstrip("/").split("/")[1:]:
        case ["v2", "models", name]:
            return _Target(name, None, "")
        case ["v2", "models", name, ("infer" | "ready") as verb]:
            return _Target(name, None, verb)
        case ["v2", "models", name, "versions", version]:
            return _Target(name, version, "")
        case ["v2", "models", name, "versions", version, ("infer" | "ready") as verb]:
            return _Target(name, version, verb)
    return None


def _is_free(path: str) -> bool:
    """Probes and Prometheus bear no token."""
    return path.startswith("/v2/health/") or path.rstrip("/") == "/metrics"


@lru_cache(16)
def _signed(tag: str) -> bytes:
    return f"andon-revision: {tag}\r\n".encode()


def _json(document: dict[str, Any], headers: bytes = b"") -> Response:
    return Response(200, orjson.dumps(document), headers)


def _readiness(ready: bool, about: dict[str, str]) -> Response:
    return Response(200 if ready else 503, orjson.dumps(about | {"ready": ready}))


def _wrong_method(request: Request, right: str) -> RequestError:
    return RequestError(405, f"{request.method.decode('latin-1')} is not for {request.path[:200]}; use {right}")


def _refusal(error: RequestError, headers: bytes = b"") -> Response:
    if isinstance(error, BusyError):
        headers += b"retry-after: %d\r\n" % error.after
    if error.status == 401:
        headers += b"www-authenticate: Bearer\r\n"
    return Response.error(error.status, str(error), headers)
