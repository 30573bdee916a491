"""What does each address answer? Open Inference Protocol under /v2, and what the operator and Prometheus read.

Nothing here is asynchronous but /predictions and /drift, which ask the thread that scores rows: a request is parsed, joins the
batch of its tick, and is answered from it.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from time import perf_counter
from typing import Final
from urllib.parse import parse_qsl

import orjson

from andon.runtime.serve.batch import Batcher
from andon.runtime.serve.connection import Request, Respond, Response
from andon.runtime.serve.lineup import Lineup
from andon.runtime.serve.loading import Loaded
from andon.runtime.serve.metrics import Metrics
from andon.runtime.serve.model import Array, ModelFailedError
from andon.runtime.serve.protocol import Inference, RequestError, answer, model_metadata, parse, server_metadata
from andon.runtime.serve.scoring import Scoring

MOST_PREDICTIONS: Final = 1000

Handler = Callable[[Request, Respond], Coroutine[None, None, None]]


class Routes:
    """The handler of all requests. name: the deployment's, which is the model's name for clients."""

    def __init__(self, name: str, lineup: Lineup, scoring: Scoring, metrics: Metrics) -> None:
        self._name = name
        self._lineup = lineup
        self._scoring = scoring
        self._metrics = metrics
        self._batcher = Batcher()
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, request: Request, respond: Respond) -> None:
        """Answer, now or soon."""
        try:
            if request.path.endswith("/infer"):
                self._infer(request, respond)
            elif request.path in {"/predictions", "/drift"}:
                self._later(self._predictions if request.path == "/predictions" else self._drift, request, respond)
            else:
                _only("GET", request)
                respond(self._get(request))
        except RequestError as error:
            respond(_refusal(error))

    def _later(self, handler: Handler, request: Request, respond: Respond) -> None:
        task = asyncio.create_task(handler(request, respond))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _get(self, request: Request) -> Response:
        match request.path.rstrip("/"):
            case "/v2":
                return Response(200, server_metadata())
            case "/v2/health/live":
                return Response(200, orjson.dumps({"live": True}))
            case "/v2/health/ready":
                return _readiness(self._lineup.stable is not None, {})
            case "/metrics":
                return Response(200, self._metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")
            case "/slots":
                return Response(200, self._lineup_as_json())
            case path:
                return self._of_model(path)

    def _of_model(self, path: str) -> Response:
        match path.split("/")[1:]:
            case ["v2", "models", name, "ready"]:
                self._check_name(name)
                return _readiness(self._lineup.ready, {"name": name})
            case ["v2", "models", name, "versions", version, "ready"]:
                return _readiness(self._serving(name, version) is not None, {"name": name})
            case ["v2", "models", name]:
                return Response(200, model_metadata(self._serving(name, None), name))
            case ["v2", "models", name, "versions", version]:
                return Response(200, model_metadata(self._serving(name, version), name))
        raise RequestError(404, f"there is nothing at {path[:200]}; the model is at /v2/models/{self._name}")

    def _check_name(self, name: str) -> None:
        if name != self._name:
            raise RequestError(404, f"there is no model {name[:200]!r} here; this server has {self._name!r}")

    def _serving(self, name: str, version: str | None) -> Loaded:
        """The revision that answers. Raises RequestError for another name or version, or before there is any."""
        self._check_name(name)
        stable = self._lineup.stable
        if stable is None:
            raise RequestError(503, f"no revision of {name!r} is loaded yet; see /slots for why")
        if version is not None and version != stable.slot.version:
            raise RequestError(404, f"version {version[:20]!r} is not served; version {stable.slot.version} is")
        return stable

    def _infer(self, request: Request, respond: Respond) -> None:
        started = perf_counter()
        loaded: Loaded | None = None

        def finish(response: Response) -> None:
            self._metrics.request(response.status, perf_counter() - started)
            respond(response)

        def done(results: list[Array] | ModelFailedError) -> None:
            finish(self._result(inference, serving, results))

        try:
            _only("POST", request)
            loaded = serving = self._serving(*_model_and_version(request.path))
            inference = parse(request.body, request.headers, serving)
        except RequestError as error:
            finish(_refusal(error, loaded))
            return
        self._batcher.submit(serving.model, inference.feeds, done)

    def _result(self, inference: Inference, loaded: Loaded, results: list[Array] | ModelFailedError) -> Response:
        """The answer; a model that fails is the server's fault and is counted, but it never takes another's request with it."""
        if isinstance(results, ModelFailedError):
            return self._failure(RequestError(500, f"version {loaded.slot.version} failed: {results}"[:1000]), loaded)
        try:
            return Response(200, answer(inference, loaded, self._name, results), {"andon-revision": loaded.tag})
        except RequestError as error:
            return self._failure(error, loaded)

    def _failure(self, error: RequestError, loaded: Loaded) -> Response:
        self._metrics.fallbacks += 1
        return _refusal(error, loaded)

    async def _predictions(self, request: Request, respond: Respond) -> None:
        """Rows scored after a cursor: `{"predictions": [{time, slot, version, digest, value}], "next": cursor}`."""
        try:
            _only("GET", request)
            after, limit = _whole(request, "cursor", 0), _whole(request, "limit", 100)
            found = await self._scoring.predictions(after, min(limit, MOST_PREDICTIONS))
        except RequestError as error:
            respond(_refusal(error))
        except sqlite3.Error as error:
            respond(Response.error(503, f"the predictions cannot be read now: {error}"))
        else:
            listed = [
                {"time": p.time_ms, "slot": p.slot, "version": p.version, "digest": p.digest, "value": p.value} for _, p in found
            ]
            respond(Response(200, orjson.dumps({"predictions": listed, "next": found[-1][0] if found else after})))

    async def _drift(self, request: Request, respond: Respond) -> None:
        """All that the evidence knows."""
        try:
            _only("GET", request)
        except RequestError as error:
            respond(_refusal(error))
            return
        respond(Response(200, orjson.dumps(await self._scoring.report())))

    def _lineup_as_json(self) -> bytes:
        """What is wanted and what is so."""
        reference, wanted = self._lineup.reference, self._lineup.wanted
        return orjson.dumps(
            {
                "ack": self._lineup.ack().model_dump(mode="json", by_alias=True),
                "reference": reference.revision.model_dump() if reference else None,
                "wanted": wanted.model_dump(mode="json", by_alias=True) if wanted else None,
            }
        )


def _model_and_version(path: str) -> tuple[str, str | None]:
    match path.split("/")[1:]:
        case ["v2", "models", name, "infer"]:
            return name, None
        case ["v2", "models", name, "versions", version, "infer"]:
            return name, version
    raise RequestError(404, f"there is nothing at {path[:200]}; write /v2/models/NAME/infer")


def _only(method: str, request: Request) -> None:
    if request.method != method:
        raise RequestError(405, f"{request.method} is not for {request.path[:200]}; use {method}")


def _whole(request: Request, name: str, default: int) -> int:
    text = dict(parse_qsl(request.query)).get(name, str(default))
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise RequestError(400, f"{name}: {text[:50]!r} is not a whole number from 0 up")
    return int(text)


def _readiness(ready: bool, about: dict[str, str]) -> Response:
    return Response(200 if ready else 503, orjson.dumps(about | {"ready": ready}))


def _refusal(error: RequestError, loaded: Loaded | None = None) -> Response:
    return Response.error(error.status, str(error), {"andon-revision": loaded.tag} if loaded else {})
