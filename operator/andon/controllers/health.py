"""What the kubelet and Prometheus are told: `/healthz`, `/readyz` and `/metrics`, also while this operator stands by."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from andon.controllers.telemetry import Pulse, Telemetry


class ListenError(Exception):
    """The address of --listen cannot be used."""


@dataclass(frozen=True, slots=True)
class Work:
    """What can be said of an operator that has begun. ready: set once every kind has been listed."""

    pulse: Pulse
    telemetry: Telemetry
    ready: asyncio.Event


class Health:
    """Pages. Who stands by is well; and ready, too, if it could take over: then the one before it may be stopped."""

    def __init__(self, trouble: Callable[[], str | None]) -> None:
        """trouble: why it could not."""
        self._trouble = trouble
        self._work: Work | None = None
        self._registry = CollectorRegistry()
        self._leader = Gauge("andon_leader", "Whether this operator acts; 0: it stands by.", registry=self._registry)

    def begins(self, work: Work) -> None:
        """From now on it is the work that is asked about."""
        self._work = work
        self._leader.set(1)

    async def serve(self, listen: str) -> web.AppRunner:
        """listen: HOST:PORT. Raises ListenError."""
        app = web.Application()
        app.add_routes([web.get("/healthz", self._healthz), web.get("/readyz", self._readyz), web.get("/metrics", self._metrics)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        host, _, port = listen.rpartition(":")
        try:
            await web.TCPSite(runner, host, int(port)).start()
        except (OSError, OverflowError, ValueError) as error:
            await runner.cleanup()
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise ListenError(f"--listen {listen}: {why}. Give another HOST:PORT, or stop what listens there.") from error
        return runner

    async def _healthz(self, _: web.Request) -> web.Response:
        if self._work is None:
            return web.Response(text="ok, standing by\n")
        trouble = self._work.pulse.trouble()
        if trouble is not None:
            return web.Response(status=503, text=f"{trouble}\n")
        return web.Response(text=f"ok, {self._work.pulse.watches} watches\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        if self._work is None:
            trouble = self._trouble()
            return web.Response(status=503, text=f"{trouble}\n") if trouble else web.Response(text="ok, standing by\n")
        return web.Response(text="ok\n") if self._work.ready.is_set() else web.Response(status=503, text="starting\n")

    async def _metrics(self, _: web.Request) -> web.Response:
        told = generate_latest(self._registry) + (generate_latest(self._work.telemetry.registry) if self._work else b"")
        return web.Response(text=told.decode(), content_type="text/plain")
