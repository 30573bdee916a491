"""A server and a plant for each test."""

import aiohttp
import pytest

from integration.serve.plant import Plant
from integration.serve.server import Server


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def server(tmp_path, session):
    """Not started yet: a test writes its orders first."""
    subject = Server(tmp_path, session)
    yield subject
    if subject.process:
        subject.process.kill()
        await subject.process.wait()


@pytest.fixture
async def plant():
    plant = Plant()
    await plant.start()
    yield plant
    await plant.stop()
