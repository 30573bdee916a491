"""`andon serve`: the parts of a server joined, started and ended.

Ends with 0 on SIGTERM or SIGINT, within ten seconds, what was asked answered and what was scored committed; with 2 when its
settings are bad; with 1 when a part broke, which is a defect.
"""

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

import uvloop

from andon.runtime.serve.answering import Answering
from andon.runtime.serve.client import Client
from andon.runtime.serve.data import kept
from andon.runtime.serve.doors import Doors
from andon.runtime.serve.http.pages import pages
from andon.runtime.serve.memory import give_back
from andon.runtime.serve.metrics import Metrics
from andon.runtime.serve.oneself import Oneself, OneselfError
from andon.runtime.serve.rows.scoring import Scoring
from andon.runtime.serve.settings import BadSettingsError, Settings, parse
from andon.runtime.serve.slots import access
from andon.runtime.serve.slots.control import Control, Files, Orders, acknowledge_changes
from andon.runtime.serve.slots.lineup import Lineup
from andon.runtime.serve.slots.loading import Loader

log = logging.getLogger(__name__)

FINISH_WITHIN: Final = 6.0
GONE_WITHIN: Final = 9.0


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until told to end; the exit code."""
    give_back()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout)
    try:
        settings = parse(argv)
        uvloop.run(serve(settings, None if settings.slots or settings.orders else access.find()))
    except (BadSettingsError, OneselfError, access.NoAccessError) as error:
        log.error("%s", error)  # noqa: TRY400 - a sentence, not a traceback
        return 2
    return 0


async def serve(settings: Settings, kubernetes: access.Access | None) -> None:
    """Serve until SIGTERM or SIGINT. Raises BadSettingsError and OneselfError for what is seen only now, and what broke."""
    async with AsyncExitStack() as stack:
        data = stack.enter_context(kept(settings.data))
        client = await stack.enter_async_context(Client())
        if kubernetes:
            client.prepare()
        lineup = Lineup(Loader(data / "models", client))
        metrics = Metrics(settings.namespace, settings.name, lineup)
        scoring = Scoring(lineup, metrics, client, data / "scored.sqlite")
        stack.callback(scoring.close)
        orders = Orders(lineup, settings.namespace, settings.name, data / "slots.json")
        control = _control(settings, kubernetes, client)
        answering = Answering(settings.name, lineup, metrics)
        doors = Doors(settings, answering, lineup, metrics, pages(scoring))
        await doors.open()
        stack.push_async_callback(doors.close, FINISH_WITHIN)
        log.info("serving deployment=%s/%s pod=%s", settings.namespace, settings.name, settings.pod)
        if not settings.orders:
            orders.remembered()
        gc.collect()
        gc.freeze()  # what a server is made of stays: to look through it again and again would only make requests wait
        loading = (orders.follow(control), acknowledge_changes(lineup, control), lineup.keep_loading())
        await _until_asked_to_end(*loading, scoring.run(), *doors.parts())
    log.info("ended")


def _control(settings: Settings, kubernetes: access.Access | None, client: Client) -> Control:
    if settings.orders:
        return Oneself(settings.orders)
    if settings.slots:
        return Files(settings.slots, settings.acks)
    if kubernetes is None:
        raise BadSettingsError("neither --model nor --slots nor a cluster")
    from andon.runtime.serve.slots.cluster import Cluster

    return Cluster(client.session, kubernetes, settings.namespace, settings.name, settings.pod)


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
