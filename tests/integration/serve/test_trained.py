"""What training registers is what a server loads: from MLflow's own address, with golden answers that hold here too."""

import asyncio

import aiohttp
import pytest

import landed
from andon.api.config import Mlflow
from andon.ports.registry import MlflowRegistry
from andon.runtime.serve.client import Client
from andon.runtime.serve.fetch import web
from andon.runtime.serve.slots.loading import Loader
from andon.runtime.serve.slots.unloadable import UnloadableError
from andon.runtime.train.main import train

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def registered(mlflow_uri, tmp_path):
    """A trained version as the operator names it."""
    landed.write(tmp_path / "landing", landed.series(landed.soft_sensor()))
    outcome = await asyncio.to_thread(train, landed.order("f1", "loaded"), tmp_path / "landing", mlflow_uri)
    registry = MlflowRegistry(Mlflow(url=mlflow_uri))
    yield await registry.resolve("loaded", outcome.version)
    registry.close()


async def test_a_trained_version_is_loaded_and_proved(registered, tmp_path):
    async with Client() as client:
        loaded = await Loader(tmp_path / "cache", client).load(registered)
        kept = {file.name for file in (tmp_path / "cache").iterdir()}
        other = {"golden": registered.profile, "golden_digest": registered.profile_digest}
        with pytest.raises(UnloadableError, match="the golden file cannot be used"):
            await Loader(tmp_path / "cache", client).load(registered.model_copy(update=other))
    assert (loaded.revision, loaded.profile.model) == (registered.revision, registered.digest)
    assert kept == {d[7:] for d in (registered.digest, registered.profile_digest, registered.golden_digest)}


async def test_mlflow_goes_on_where_a_download_broke_off(registered):
    async with aiohttp.ClientSession() as session:
        async with web.opened(session, registered.model, {}, 0, None) as stream:
            whole, mark = b"".join([chunk async for chunk in stream.chunks]), stream.mark
        async with web.opened(session, registered.model, {}, 100, mark) as stream:
            rest = b"".join([chunk async for chunk in stream.chunks])
    assert mark
    assert (stream.start, rest) == (100, whole[100:])
