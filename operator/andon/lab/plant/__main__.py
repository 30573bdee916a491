"""``python -m andon.lab.plant``: replay until told to end."""

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer

from andon.api.types import seconds


def main(
    endpoint: Annotated[str, typer.Option(help="Where to serve OPC UA, for example opc.tcp://127.0.0.1:4840.")],
    control: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where to take commands; loopback.")],
    state: Annotated[
        Path, typer.Option(metavar="DIR", help="Where to keep how far the replay is; the control address is written there too.")
    ],
    period: Annotated[str, typer.Option(help="How often a row is shown.")] = "200ms",
) -> None:
    """Replay the Tennessee Eastman process over OPC UA."""
    period_ms = round(seconds(period) * 1000)
    if period_ms < 1:
        raise typer.BadParameter(f"{period} is shorter than 1ms", param_hint="--period")
    host, _, port = control.rpartition(":")
    if not host.startswith("127.") or not port.isdigit():
        raise typer.BadParameter(
            f"{control} is not a loopback HOST:PORT; write for example 127.0.0.1:4841", param_hint="--control"
        )
    state.mkdir(parents=True, exist_ok=True)
    asyncio.run(run(endpoint, period_ms, host, int(port), state))


async def run(endpoint: str, period_ms: int, host: str, port: int, folder: Path) -> None:
    """Serve and replay until SIGTERM or SIGINT."""
    from aiohttp import web

    from andon.lab.plant.control import application
    from andon.lab.plant.plant import Plant
    from andon.lab.plant.server import PlantServer, on_each_multiple

    plant = Plant()
    plant.restore(folder / "plant.json")

    async with PlantServer(endpoint) as server:

        async def show(time_ms: int) -> None:
            await server.show(plant.tick(time_ms))
            plant.save(folder / "plant.json")

        runner = web.AppRunner(application(plant, lambda: plant.save(folder / "plant.json")), access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            (folder / "control").write_text(f"http://{host}:{port}\n")
            await until_asked(on_each_multiple(period_ms, show))
        finally:
            await runner.cleanup()


async def until_asked(work: Coroutine[object, object, None]) -> None:
    """Run this until SIGTERM or SIGINT; raise what it raises."""
    task = asyncio.ensure_future(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


if __name__ == "__main__":
    typer.run(main)
