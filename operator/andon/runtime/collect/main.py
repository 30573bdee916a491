"""``andon collect``: the parts of a collector joined, started and ended.

Ends with 0 when asked to (SIGTERM) or when its spec changed, so that it is started anew; with 2 when its settings are bad; by an
exception when it cannot keep its promise (the ring's disk is full): the ring has what was committed. A landing folder that is
full or away is weather: the ring holds what waits for it.
"""

import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine
from typing import Final

from andon.api.types import bytes_of, seconds
from andon.runtime.collect import settings
from andon.runtime.collect.driver import Driver
from andon.runtime.collect.inbox import Inbox
from andon.runtime.collect.keeper import Keeper
from andon.runtime.collect.landing import Landing, write_quarantine
from andon.runtime.collect.listener import Listener
from andon.runtime.collect.metrics import registry
from andon.runtime.collect.ring import Ring
from andon.runtime.collect.settings import BadSettingsError, Config, Settings
from andon.runtime.collect.subscription import QUEUE_SIZE
from andon.runtime.collect.tables import Signal

log = logging.getLogger(__name__)

AGAIN_S: Final = 2.0


def main() -> int:
    """Run a collector until it is told to end; the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)  # it logs each broken connection in full; the driver says it once
    try:
        own = settings.from_environment()
        mark = settings.mark(own.config)
        asyncio.run(collect(own, settings.read(own.config), mark))
    except BadSettingsError as error:
        log.error("%s", error)  # noqa: TRY400 a person's mistake needs no traceback
        return 2
    return 0


async def collect(own: Settings, config: Config, mark: tuple[int, int, int] | None) -> None:
    """Collect until SIGTERM, SIGINT or a changed spec; what had arrived by then is in the ring."""
    spec = config.spec
    inbox = Inbox(limit=max(10_000, 2 * QUEUE_SIZE * len(spec.tags)))
    keeper = Keeper(lambda: _ring(own, config))
    driver = Driver(config.opcua, spec.tags, inbox)
    listener = Listener(keeper, spec, lambda: driver.link, registry(own.namespace, own.name, driver, inbox, keeper.ring))
    landing = Landing(keeper, own.landing, seconds(spec.landing.rotate))
    try:
        await _until_first(
            _asked_to_end(),
            _configured(own, config, mark),
            driver.run(),
            _keep(inbox, keeper),
            landing.run(),
            listener.serve(own.host, own.port),
        )
        await keeper.append(inbox.drain())
    finally:
        keeper.close()


async def _until_first(*work: Coroutine[object, object, None]) -> None:
    """Run all until one ends or fails; then end the rest."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in ended:
        task.result()


async def _keep(inbox: Inbox, keeper: Keeper) -> None:
    while True:
        records = await inbox.take()
        await asyncio.shield(keeper.append(records))


async def _configured(own: Settings, config: Config, mark: tuple[int, int, int] | None) -> None:
    """Returns when the spec changed; quarantine is taken over at once, a file that cannot be read changes nothing."""
    now = config
    while now.spec == config.spec:
        written = await _quarantined(own, now)
        mark = await settings.changed(own.config, mark if written else None)
        try:
            now = settings.read(own.config)
        except BadSettingsError:
            log.exception("keeping the configuration that runs")
    log.info("the spec changed: ending, to be started anew")


async def _quarantined(own: Settings, config: Config) -> bool:
    """Whether training can read the windows now; if not, after a pause."""
    try:
        await asyncio.to_thread(write_quarantine, own.landing, config.quarantine)
    except OSError as error:
        log.warning("quarantine.json is not written: %s; again in %.0f s", error, AGAIN_S)
        await asyncio.sleep(AGAIN_S)
        return False
    return True


async def _asked_to_end() -> None:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    await asked.wait()
    log.info("asked to end")


def _ring(own: Settings, config: Config) -> Ring:
    spec = config.spec
    return Ring(
        own.data / "ring.sqlite",
        [Signal(spec.asset, tag.name, tag.unit) for tag in spec.tags],
        max_bytes=bytes_of(spec.ring.max_bytes),
        settle_ms=round(max(1.0, 2 * seconds(config.opcua.publishing_interval)) * 1000),
        regime=spec.regime.tag if spec.regime else None,
    )


if __name__ == "__main__":
    sys.exit(main())
