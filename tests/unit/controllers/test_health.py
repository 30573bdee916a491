"""What an operator answers before its turn, and in it."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from andon.controllers.health import Health, Work
from andon.controllers.telemetry import Pulse, Telemetry

TROUBLE: list[str] = []


@pytest.fixture
async def health() -> AsyncIterator[tuple[Health, str]]:
    TROUBLE[:] = []
    health = Health(lambda: TROUBLE[0] if TROUBLE else None)
    pages = await health.serve("127.0.0.1:0")
    yield health, f"http://127.0.0.1:{pages.addresses[0][1]}"
    await pages.cleanup()


async def told(address: str, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(address + path) as answer:
        return answer.status, await answer.text()


async def test_who_stands_by_is_well_and_ready_while_it_could_take_over(health: tuple[Health, str]):
    _, address = health
    assert await told(address, "/readyz") == (200, "ok, standing by\n")
    TROUBLE[:] = ["the Lease cannot be had"]
    assert await told(address, "/readyz") == (503, "the Lease cannot be had\n")
    assert await told(address, "/healthz") == (200, "ok, standing by\n")
    assert "andon_leader 0.0" in (await told(address, "/metrics"))[1]


async def test_who_acts_is_asked_about_its_work(health: tuple[Health, str]):
    pages, address = health
    ready = asyncio.Event()
    pages.begins(Work(Pulse(dict), Telemetry(dict), ready))
    assert await told(address, "/readyz") == (503, "starting\n")
    ready.set()
    assert await told(address, "/readyz") == (200, "ok\n")
    assert await told(address, "/healthz") == (200, "ok, 0 watches\n")
    numbers = (await told(address, "/metrics"))[1]
    assert "andon_leader 1.0" in numbers
    assert "andon_queue_depth" in numbers
