"""Which revision answers: real ONNX files, real loads, every failure told and none of them felt."""

import asyncio
import contextlib

import aiohttp
import pytest

from andon.api.slots import Slots
from andon.runtime.serve.lineup import Lineup
from andon.runtime.serve.loading import Loader
from unit.serve.models import linear, slot
from unit.serve.references import a_profile

PROFILE = a_profile()
OTHER_TAGS = a_profile("acb")
TOO_NARROW = a_profile("a")


@pytest.fixture
async def lineup(tmp_path):
    """A line-up that loads what it is asked to."""
    async with aiohttp.ClientSession() as session:
        subject = Lineup(Loader(tmp_path / "cache", session))
        loading = asyncio.create_task(subject.keep_loading())
        yield subject
        loading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await loading


def want(lineup, stable, candidate=None):
    slots = Slots(namespace="n", deployment="d", stable=stable, candidate=candidate)
    lineup.want(slots, slots.text())


async def until(lineup, holds):
    """Wait until something holds of the acknowledgement."""
    news = lineup.news()
    async with asyncio.timeout(10):
        while not holds(lineup.ack()):
            news.clear()
            await news.wait()
    return lineup.ack()


async def serving(lineup, stable, candidate=None):
    want(lineup, stable, candidate)
    return await until(lineup, lambda ack: ack.stable == stable.revision and (candidate is None or ack.candidate))


async def test_the_wanted_stable_answers_once_it_is_loaded(lineup, tmp_path):
    one = slot(tmp_path, "1", linear(), PROFILE)
    want(lineup, one)
    assert not lineup.ready
    ack = await serving(lineup, one)
    assert lineup.ready
    assert (ack.loaded, ack.error) == ([one.digest], None)


async def test_a_loaded_revision_flips_before_want_returns(lineup, tmp_path):
    one, two = slot(tmp_path, "1", linear(), PROFILE), slot(tmp_path, "2", linear(1.0), PROFILE)
    await serving(lineup, one, two)
    want(lineup, two)
    assert lineup.ack().stable == two.revision
    want(lineup, one)
    assert lineup.ack().stable == one.revision
    assert lineup.reference.revision == two.revision


async def test_the_stable_before_the_previous_one_is_let_go(lineup, tmp_path):
    one, two, three = (slot(tmp_path, str(v), linear(v), PROFILE) for v in (1, 2, 3))
    for each in (one, two, three):
        await serving(lineup, each)
    assert lineup.ack().loaded == sorted([two.digest, three.digest])


WRONG = "sha256:" + "0" * 64
REFUSED = [
    pytest.param({"digest": WRONG}, linear(1.0), PROFILE, "DigestMismatch", id="other bytes than registered"),
    pytest.param({"profile_digest": WRONG}, linear(1.0), PROFILE, "DigestMismatch", id="another profile than registered"),
    pytest.param({"model": "file:///nowhere/model.onnx"}, linear(1.0), PROFILE, "FetchFailed", id="no file"),
    pytest.param({"model": "http://127.0.0.1:1/model.onnx"}, linear(1.0), PROFILE, "FetchFailed", id="nobody there"),
    pytest.param({}, b"no model", PROFILE, "NotAModel", id="no model"),
    pytest.param({}, linear(1.0, width=4), None, "SignatureMismatch", id="other inputs"),
    pytest.param({}, linear(1.0), OTHER_TAGS, "SignatureMismatch", id="the same inputs, other columns"),
    pytest.param({}, linear(1.0), TOO_NARROW, "ProfileInvalid", id="a profile of another model"),
    pytest.param({"profile_digest": None}, linear(1.0), PROFILE, "ProfileInvalid", id="a profile without a digest"),
]


@pytest.mark.parametrize(("wrongly", "content", "profile", "reason"), REFUSED)
async def test_a_candidate_that_cannot_be_loaded_disturbs_nothing(lineup, tmp_path, wrongly, content, profile, reason):
    one = slot(tmp_path, "1", linear(), PROFILE)
    two = slot(tmp_path, "2", content, profile, **wrongly)
    want(lineup, one, two)
    ack = await until(lineup, lambda ack: ack.stable and ack.error)
    assert (ack.error.reason, ack.error.digest) == (reason, two.digest)
    assert (ack.stable, ack.candidate) == (one.revision, None)


async def test_a_stable_that_cannot_be_loaded_leaves_the_old_one_answering(lineup, tmp_path):
    one = slot(tmp_path, "1", linear(), PROFILE)
    await serving(lineup, one)
    want(lineup, slot(tmp_path, "2", b"no model"))
    ack = await until(lineup, lambda ack: ack.error)
    assert (ack.stable, ack.error.reason) == (one.revision, "NotAModel")
    assert not lineup.ready


async def test_an_error_is_forgotten_with_the_revision_it_was_about(lineup, tmp_path):
    one = slot(tmp_path, "1", linear(), PROFILE)
    want(lineup, one, slot(tmp_path, "2", b"no model"))
    await until(lineup, lambda ack: ack.stable and ack.error)
    want(lineup, one)
    assert lineup.ack().error is None


async def test_a_file_that_comes_later_is_loaded_then(lineup, tmp_path):
    one = slot(tmp_path, "1", linear(), PROFILE)
    late = (tmp_path / "model-1.onnx").rename(tmp_path / "late")
    want(lineup, one)
    await until(lineup, lambda ack: ack.error)
    late.rename(tmp_path / "model-1.onnx")
    ack = await until(lineup, lambda ack: ack.stable)
    assert ack.error is None


async def test_what_is_cached_needs_no_source(lineup, tmp_path):
    one, two = slot(tmp_path, "1", linear(), PROFILE), slot(tmp_path, "2", linear(1.0), PROFILE)
    for each in (one, two, slot(tmp_path, "3", linear(2.0), PROFILE)):
        await serving(lineup, each)
    for file in tmp_path.glob("*.*"):
        file.unlink()
    await serving(lineup, one)


async def test_a_cached_file_that_went_bad_is_fetched_again(lineup, tmp_path):
    one = slot(tmp_path, "1", linear(), PROFILE)
    cached = tmp_path / "cache" / one.digest.removeprefix("sha256:")
    cached.write_bytes(b"rot")
    await serving(lineup, one)
    assert cached.read_bytes() == linear()


async def test_saying_the_same_again_changes_no_acknowledgement(lineup, tmp_path):
    one = slot(tmp_path, "1", linear(), PROFILE)
    before = await serving(lineup, one)
    want(lineup, one)
    assert lineup.ack() == before
