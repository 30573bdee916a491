"""The six calls of Open Inference Protocol v2 over gRPC, and where they are listened for.

Imported only by a server that was asked for gRPC: it costs twenty megabytes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from andon.runtime.serve.answering import Answer, Answering
from andon.runtime.serve.grpc import codec
from andon.runtime.serve.grpc import inference_pb2 as pb
from andon.runtime.serve.guard import TlsFiles, Token
from andon.runtime.serve.http import connection
from andon.runtime.serve.http.listener import bound
from andon.runtime.serve.metrics import Metrics
from andon.runtime.serve.oip.http import ASSET, server_metadata
from andon.runtime.serve.oip.message import RequestError
from andon.runtime.serve.slots.lineup import Lineup
from andon.runtime.serve.slots.loading import Loaded

SERVICE: Final = "inference.GRPCInferenceService"
MOST_CALLS: Final = 1000

Call = Callable[[Any, Any], Awaitable[Any]]

_CODES: Final = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    404: grpc.StatusCode.NOT_FOUND,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
}


class Service:
    """The calls, named as the protocol names them."""

    def __init__(self, answering: Answering, lineup: Lineup, metrics: Metrics) -> None:
        self._answering = answering
        self._lineup = lineup
        self._metrics = metrics

    async def server_live(self, request: pb.ServerLiveRequest, context: Any) -> pb.ServerLiveResponse:
        """Whether it answers at all."""
        del request, context
        return pb.ServerLiveResponse(live=True)

    async def server_ready(self, request: pb.ServerReadyRequest, context: Any) -> pb.ServerReadyResponse:
        """Whether some stable revision answers."""
        del request, context
        return pb.ServerReadyResponse(ready=self._lineup.stable is not None)

    async def model_ready(self, request: pb.ModelReadyRequest, context: Any) -> pb.ModelReadyResponse:
        """Whether the wanted revision answers, or the one of that version."""
        del context
        return pb.ModelReadyResponse(ready=self._answering.ready(request.name, request.version or None))

    async def server_metadata(self, request: pb.ServerMetadataRequest, context: Any) -> pb.ServerMetadataResponse:
        """Name, version, extensions."""
        del request, context
        about = server_metadata()
        return pb.ServerMetadataResponse(name=about["name"], version=about["version"])

    async def model_metadata(self, request: pb.ModelMetadataRequest, context: Any) -> pb.ModelMetadataResponse:
        """Inputs and outputs of a revision."""
        loaded = self._answering.serving(request.name, request.version or None)
        _sign(context, loaded)
        return codec.metadata(loaded.model, request.name, [request.version] if request.version else self._answering.versions)

    async def model_infer(self, request: pb.ModelInferRequest, context: Any) -> pb.ModelInferResponse:
        """Answered from the batch of its tick, together with what came by HTTP."""
        started, status = perf_counter(), 200
        try:
            answer = await self._answer(request, context)
            return codec.write(answer, self._answering.name)
        except RequestError as error:
            status = error.status
            raise
        finally:
            self._metrics.request(status, perf_counter() - started)

    async def _answer(self, request: pb.ModelInferRequest, context: Any) -> Answer:
        told: asyncio.Future[Answer | RequestError] = asyncio.get_running_loop().create_future()

        def reply(result: Answer | RequestError, loaded: Loaded) -> None:
            if not told.done():
                _sign(context, loaded)
                told.set_result(result)

        message = codec.read(request, _header(context, ASSET.decode()))
        self._answering.submit(message, request.model_name, request.model_version or None, reply)
        result = await told
        if isinstance(result, RequestError):
            raise result
        return result


class GrpcListener:
    """The listening socket. token: what all but probes must bear. tls: read anew when its files change."""

    def __init__(self, service: Service, token: Token | None, tls: TlsFiles | None) -> None:
        self._token = token
        self._tls = tls
        self.port = 0
        largest = connection.LARGEST_BODY
        options = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", largest), ("grpc.max_send_message_length", -1)]
        self._server = grpc.aio.server(options=options, maximum_concurrent_rpcs=MOST_CALLS)
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, self._handlers(service)),))

    def _handlers(self, service: Service) -> dict[str, Any]:
        calls: dict[str, tuple[Call, Any, bool]] = {
            "ServerLive": (service.server_live, pb.ServerLiveRequest, True),
            "ServerReady": (service.server_ready, pb.ServerReadyRequest, True),
            "ModelReady": (service.model_ready, pb.ModelReadyRequest, False),
            "ServerMetadata": (service.server_metadata, pb.ServerMetadataRequest, False),
            "ModelMetadata": (service.model_metadata, pb.ModelMetadataRequest, False),
            "ModelInfer": (service.model_infer, pb.ModelInferRequest, False),
        }
        return {
            name: grpc.unary_unary_rpc_method_handler(
                self._guarded(call, request.FromString, free=free), response_serializer=_serialised
            )
            for name, (call, request, free) in calls.items()
        }

    def _guarded(self, call: Call, parse: Callable[[bytes], Any], *, free: bool) -> Call:
        """The call, with its refusals as statuses. What comes is parsed here: not for those who may not ask."""

        async def guarded(sent: bytes, context: Any) -> Any:
            bearer = (_header(context, "authorization") or "").encode()
            if not free and self._token and not self._token.allows(bearer):
                await context.abort(
                    grpc.StatusCode.UNAUTHENTICATED, "this server asks for its token: authorization: Bearer TOKEN"
                )
            try:
                return await call(parse(sent), context)
            except DecodeError as error:
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"not a message of this call: {error}")
            except RequestError as error:
                await context.abort(_CODES.get(error.status, grpc.StatusCode.INTERNAL), str(error))

        return guarded

    async def listen(self, host: str, port: int) -> None:
        """Accept calls from now on. Raises OSError when the address cannot be had, or files cannot be read."""
        for free in await bound(host, port):
            free.close()  # gRPC would write why it is not, to stderr and in its own way
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if self._tls:
            self.port = self._server.add_secure_port(address, _credentials(self._tls))
        else:
            self.port = self._server.add_insecure_port(address)
        await self._server.start()

    async def leave(self, within: float) -> None:
        """Accept nothing more, finish what was asked, for at most so many seconds."""
        await self._server.stop(within)


def _credentials(tls: TlsFiles) -> Any:
    """Asked at each handshake: a certificate that was replaced is for the next connection."""

    def read() -> Any:
        return grpc.ssl_server_certificate_configuration([(tls.key.read_bytes(), tls.certificate.read_bytes())])

    def fetch() -> Any:
        try:
            return read()
        except OSError:
            return None  # gRPC goes on with what it has

    return grpc.dynamic_ssl_server_credentials(read(), fetch)


def _sign(context: Any, loaded: Loaded) -> None:
    context.set_trailing_metadata((("andon-revision", loaded.tag),))


def _header(context: Any, name: str) -> str | None:
    return next((value for key, value in context.invocation_metadata() or () if key == name), None)


def _serialised(message: Any) -> bytes:
    serialised: bytes = message.SerializeToString()
    return serialised
