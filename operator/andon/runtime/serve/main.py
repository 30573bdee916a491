"""`andon serve`: the parts of a server joined, started and ended.

Ends with 0 on SIGTERM or SIGINT, within ten seconds, what was asked answered and what was scored committed; with 2 when its
settings are bad; with 1 when a part broke, which is a defect.
"""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, Final

import aiohttp
import uvloop

from andon.runtime.serve import access
from andon.runtime.serve.cluster import Cluster
from andon.runtime.serve.connection import Listener
from andon.runtime.serve.control import Control, Files, Orders, acknowledge_changes
from andon.runtime.serve.lineup import Lineup
from andon.runtime.serve.loading import Loader
from andon.runtime.serve.metrics import Metrics
from andon.runtime.serve.routes import Routes
from andon.runtime.serve.scoring import Scoring
from andon.runtime.serve.settings import BadSettingsError, Settings, parse

log = logging.getLogger(__name__)

FINISH_WITHIN: Final = 6.0
GONE_WITHIN: Final = 9.0


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until told to end; the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout)
    try:
        settings = parse(argv)
        kubernetes = None if settings.slots else access.find()
    except (BadSettingsError, access.NoAccessError) as error:
        log.error("%s", error)  # noqa: TRY400 - a sentence, not a traceback
        return 2
    uvloop.run(serve(settings, kubernetes))
    return 0


async def serve(settings: Settings, kubernetes: access.Access | None) -> None:
    """Serve until SIGTERM or SIGINT. Raises what broke."""
    settings.data.mkdir(parents=True, exist_ok=True)
    async with aiohttp.ClientSession() as session:
        lineup = Lineup(Loader(settings.data / "models", session))
        metrics = Metrics(settings.namespace, settings.name, lineup)
        scoring = Scoring(lineup, metrics, session, settings.data / "scored.sqlite")
        listener = Listener(Routes(settings.name, lineup, scoring, metrics))
        orders = Orders(lineup, settings.namespace, settings.name, settings.data / "slots.json")
        control = _control(settings, kubernetes, session)
        await listener.listen(settings.host, settings.port)
        log.info(
            "listening at=%s:%d deployment=%s/%s pod=%s",
            settings.host,
            listener.port,
            settings.namespace,
            settings.name,
            settings.pod,
        )
        orders.remembered()
        parts = (
            orders.follow(control),
            acknowledge_changes(lineup, control),
            lineup.keep_loading(),
            scoring.run(),
            listener.part_with_the_silent(),
        )
        try:
            await _until_asked_to_end(*parts)
        finally:
            await listener.leave(FINISH_WITHIN)
            scoring.close()
            log.info("ended")


def _control(settings: Settings, kubernetes: access.Access | None, session: aiohttp.ClientSession) -> Control:
    if settings.slots:
        return Files(settings.slots, settings.acks)
    if kubernetes is None:
        raise BadSettingsError("neither --slots nor a cluster")
    return Cluster(session, kubernetes, settings.namespace, settings.name, settings.pod)


async def _until_asked_to_end(*parts: Coroutine[Any, Any, None]) -> None:
    """Run all parts until a signal comes. A part that ends ends the server: Kubernetes starts it anew."""
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _begin_end, asked)
    tasks = [asyncio.create_task(part) for part in parts]
    signalled = asyncio.create_task(asked.wait())
    done, _ = await asyncio.wait([*tasks, signalled], return_when=asyncio.FIRST_COMPLETED)
    for task in (*tasks, signalled):
        task.cancel()
    await asyncio.gather(*tasks, signalled, return_exceptions=True)
    for task in done - {signalled}:
        task.result()


def _begin_end(asked: asyncio.Event) -> None:
    """A thread that hangs inside a model must not keep the pod: after nine seconds the process goes as it is."""
    asked.set()
    late = threading.Timer(GONE_WITHIN, os._exit, (1,))
    late.daemon = True
    late.start()
