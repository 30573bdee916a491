"""Where may clients come in? HTTP always, gRPC where asked for; both behind the same certificate and the same token."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from andon.runtime.serve.answering import Answering
from andon.runtime.serve.guard import Token, keep_fresh
from andon.runtime.serve.http.listener import Listener
from andon.runtime.serve.http.pages import Page
from andon.runtime.serve.http.routes import Routes
from andon.runtime.serve.metrics import Metrics
from andon.runtime.serve.settings import Address, BadSettingsError, Settings
from andon.runtime.serve.slots.lineup import Lineup

if TYPE_CHECKING:
    from andon.runtime.serve.grpc.service import GrpcListener

log = logging.getLogger(__name__)


class Doors:
    """All that listens."""

    def __init__(
        self, settings: Settings, answering: Answering, lineup: Lineup, metrics: Metrics, pages: Mapping[str, Page]
    ) -> None:
        """Raises BadSettingsError for a certificate, key or token that cannot be used."""
        self._settings = settings
        try:
            self._token = Token(settings.token) if settings.token else None
            self._tls = settings.tls.context() if settings.tls else None
        except OSError as error:
            raise BadSettingsError(f"{error.filename}: {error.strerror}; name a file that can be read") from error
        except ValueError as error:
            raise BadSettingsError(str(error)) from error
        routes = Routes(answering, lineup, metrics, pages, self._token)
        self._http = Listener(routes, routes.refused, self._tls)
        self._grpc: GrpcListener | None = None
        if settings.grpc:
            self._grpc = _grpc_listener(settings, answering, lineup, metrics, self._token)

    async def open(self) -> None:
        """Let clients in. Raises BadSettingsError where an address cannot be had."""
        await _listen(self._http, self._settings.http)
        if self._grpc and self._settings.grpc:
            await _listen(self._grpc, self._settings.grpc)

    def parts(self) -> list[Coroutine[Any, Any, None]]:
        """What goes on meanwhile, for ever."""
        parts = [self._http.part_with_the_silent()]
        if self._token:
            parts.append(keep_fresh(self._token.read, self._token.path))
        if self._tls and (files := self._settings.tls):
            context = self._tls
            parts.append(keep_fresh(lambda: files.load_into(context), files.certificate, files.key))
        return parts

    async def close(self, within: float) -> None:
        """Answer what was asked, and let nobody in any more."""
        await asyncio.gather(*(door.leave(within) for door in (self._http, self._grpc) if door))


def _grpc_listener(
    settings: Settings, answering: Answering, lineup: Lineup, metrics: Metrics, token: Token | None
) -> "GrpcListener":
    try:
        from andon.runtime.serve.grpc.service import GrpcListener, Service
    except ModuleNotFoundError as error:
        raise BadSettingsError(f"--grpc needs {error.name}; install it with: pip install 'andon[serve]'") from error
    return GrpcListener(Service(answering, lineup, metrics), token, settings.tls)


async def _listen(door: "Listener | GrpcListener", at: Address) -> None:
    try:
        await door.listen(at.host, at.port)
    except OSError as error:
        why, _, _ = (error.strerror or str(error)).partition(" (while attempting")
        raise BadSettingsError(f"{at.host}:{at.port} cannot be listened at: {why}") from error
    except RuntimeError as error:
        raise BadSettingsError(f"{at.host}:{at.port} cannot be listened at: {error}") from error
    log.info("listening at=%s:%d", at.host, door.port)
