"""Which revision answers: real ONNX files, real loads, every failure told and none of them felt."""

import asyncio
import contextlib
import json

import pytest

from andon.api.slots import Slots
from andon.runtime.serve.client import Client
from andon.runtime.serve.slots.lineup import Lineup
from andon.runtime.serve.slots.loading import Loader
from andon.runtime.serve.slots.unloadable import UnloadableError
from andon.stats.profile import digest
from support.odd import silent
from unit.serve.models import linear, never, scattered, slot
from unit.serve.references import a_profile

PROFILE = a_profile()
OTHER_TAGS = a_profile("acb")
TOO_NARROW = a_profile("a")


@pytest.fixture
async def lineup(tmp_path):
    """A line-up that loads what it is asked to."""
    async with Client() as client:
        subject = Lineup(Loader(tmp_path / "cache", client))
        loading = asyncio.create_task(subject.keep_loading())
        yield subject
        loading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await loading


def want(lineup, stable, candidate=None, reference=None, **changes):
    slots = Slots(namespace="n", deployment="d", stable=stable, candidate=candidate, reference=reference, **changes)
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


async def test_who_takes_which_place_is_in_the_log(lineup, tmp_path, caplog):
    caplog.set_level("INFO")
    one, two = slot(tmp_path, "1", linear(), PROFILE), slot(tmp_path, "2", linear(bias=1.0), PROFILE)
    await serving(lineup, one, two)
    await serving(lineup, one)
    moves = [message.split("/")[0] for message in caplog.messages if " is now " in message]
    assert moves == ["stable is now 1", "candidate is now 2", "candidate is now nothing"]


async def test_a_model_that_answers_no_trial_is_named_by_its_version(lineup, tmp_path, caplog):
    await serving(lineup, slot(tmp_path, "7", never()))
    assert "version 7 answers no row of a trial" in caplog.text


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
    want(lineup, two, reference=one)
    assert (lineup.ack().stable, lineup.ack().reference) == (two.revision, one.revision)
    want(lineup, one, reference=two)
    assert (lineup.ack().stable, lineup.ack().reference) == (one.revision, two.revision)


async def test_what_no_order_names_is_let_go(lineup, tmp_path):
    one, two = slot(tmp_path, "1", linear(), PROFILE), slot(tmp_path, "2", linear(1.0), PROFILE)
    await serving(lineup, one, two)
    want(lineup, two)
    assert (lineup.ack().loaded, lineup.reference) == ([two.digest], None)


async def test_a_reference_is_loaded_because_it_is_ordered(lineup, tmp_path):
    one, two = slot(tmp_path, "1", linear(), PROFILE), slot(tmp_path, "2", linear(1.0), PROFILE)
    want(lineup, two, reference=one)
    ack = await until(lineup, lambda ack: ack.stable and ack.reference)
    assert (ack.reference, ack.loaded) == (one.revision, sorted([one.digest, two.digest]))


async def test_one_revision_is_never_in_two_places(lineup, tmp_path):
    one, late = slot(tmp_path, "1", linear(), PROFILE), slot(tmp_path, "2", linear(1.0), PROFILE, model="file:///nowhere")
    await serving(lineup, one)
    want(lineup, late, reference=one)
    ack = await until(lineup, lambda ack: ack.error)
    assert (ack.stable, ack.reference) == (one.revision, None)


async def test_the_weight_is_that_of_a_candidate_in_its_place(lineup, tmp_path):
    one, two = slot(tmp_path, "1", linear(), PROFILE), slot(tmp_path, "2", linear(1.0), PROFILE)
    want(lineup, one, two, weight=20)
    assert lineup.ack().weight == 0
    assert (await until(lineup, lambda ack: ack.candidate and ack.stable)).weight == 20


async def test_since_moves_with_a_slot_or_the_weight_and_with_nothing_else(lineup, tmp_path):
    one, two = slot(tmp_path, "1", linear(), PROFILE), slot(tmp_path, "2", linear(1.0), PROFILE)
    since = [(await serving(lineup, one, two)).since]
    for orders in ({"weight": 20}, {"weight": 20, "reference": one}, {"weight": 20, "on_bad_input": "Flag"}):
        want(lineup, one, two, **orders)
        since.append(lineup.ack().since)
    assert since[0] < since[1] == since[2] == since[3]


async def test_other_threads_are_loaded_in_the_background_while_the_same_revisions_go_on(lineup, tmp_path):
    one, two = slot(tmp_path, "1", linear(), PROFILE), slot(tmp_path, "2", linear(1.0), PROFILE)
    before = await serving(lineup, one, two)
    models = lineup.stable.model, lineup.candidate.model
    want(lineup, one, two, threads=2)
    assert (lineup.stable.model, lineup.candidate.model) == models
    assert lineup.ready
    await until(lineup, lambda _: lineup.stable.model is not models[0] and lineup.candidate.model is not models[1])
    assert lineup.stable.model._session.get_session_options().intra_op_num_threads == 2
    assert lineup.ack().model_copy(update={"config_hash": before.config_hash}) == before


async def test_a_download_that_nobody_wants_any_more_is_broken_off(lineup, tmp_path):
    asked, left = asyncio.Event(), asyncio.Event()

    async def give_nothing(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()
        left.set()
        writer.close()

    async with await asyncio.start_server(give_nothing, "127.0.0.1", 0) as server, asyncio.timeout(10):
        host, port = server.sockets[0].getsockname()
        one = slot(tmp_path, "1", linear(), PROFILE)
        want(lineup, one, slot(tmp_path, "2", linear(1.0), PROFILE, model=f"http://{host}:{port}/model.onnx"))
        await asked.wait()
        want(lineup, one)
        await left.wait()


async def test_threads_changed_together_with_a_flip_delay_it_by_nothing(lineup, tmp_path):
    one, two = slot(tmp_path, "1", linear(), PROFILE), slot(tmp_path, "2", linear(1.0), PROFILE)
    await serving(lineup, one, two)
    want(lineup, two, reference=one, threads=2)
    assert lineup.ack().stable == two.revision


async def test_a_slow_candidate_does_not_keep_a_new_stable_waiting(lineup, tmp_path):
    with silent() as nobody_answers:
        one, two = slot(tmp_path, "1", linear(), PROFILE), slot(tmp_path, "2", linear(1.0), PROFILE)
        slow = slot(tmp_path, "3", linear(2.0), PROFILE, model=f"{nobody_answers}/model.onnx")
        await serving(lineup, one)
        want(lineup, one, slow)
        want(lineup, two, slow)
        assert (await until(lineup, lambda ack: ack.stable == two.revision)).candidate is None


def golden(tmp_path, answer, tolerance="0.00001", name="prediction"):
    """The fields of a slot that name a golden file: one row of ones, and the answer that is wanted."""
    document = {
        "inputs": [{"name": "rows", "shape": [1, 3], "datatype": "FP32", "data": [1, 1, 1]}],
        "outputs": [{"name": name, "shape": [1, 1], "datatype": "FP32", "data": [answer]}],
        "tolerance": tolerance,
    }
    file = tmp_path / "golden.json"
    file.write_text(json.dumps(document))
    return {"golden": file.as_uri(), "golden_digest": digest(file.read_bytes())}


async def test_a_model_that_answers_as_its_golden_file_says_is_placed(lineup, tmp_path):
    assert (await serving(lineup, slot(tmp_path, "1", linear(), PROFILE, **golden(tmp_path, 3.0)))).error is None


async def test_a_model_that_answers_something_else_never_is(lineup, tmp_path):
    one = slot(tmp_path, "1", linear(), PROFILE)
    await serving(lineup, one)
    want(lineup, slot(tmp_path, "2", linear(1.0), PROFILE, **golden(tmp_path, 3.0)))
    ack = await until(lineup, lambda ack: ack.error)
    assert (ack.stable, ack.error.reason) == (one.revision, "GoldenMismatch")
    assert "'prediction', row 0: got 4.0, wanted 3.0" in ack.error.message


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
    pytest.param({"golden": "file:///x"}, linear(1.0), PROFILE, "GoldenInvalid", id="golden answers without a digest"),
    pytest.param({"model": "mlflow-artifacts:///1/m.onnx"}, linear(1.0), PROFILE, "SourceUnsupported", id="an unknown MLflow"),
    pytest.param({"model": "carrier-pigeon://coop/m.onnx"}, linear(1.0), PROFILE, "SourceUnsupported", id="no such source"),
]


@pytest.mark.parametrize(("wrongly", "content", "profile", "reason"), REFUSED)
async def test_a_candidate_that_cannot_be_loaded_disturbs_nothing(lineup, tmp_path, wrongly, content, profile, reason):
    one = slot(tmp_path, "1", linear(), PROFILE)
    two = slot(tmp_path, "2", content, profile, **wrongly)
    want(lineup, one, two)
    ack = await until(lineup, lambda ack: ack.stable and ack.error)
    assert (ack.error.reason, ack.error.digest) == (reason, two.digest)
    assert (ack.stable, ack.candidate, ack.loaded) == (one.revision, None, [one.digest])


async def test_orders_to_score_rows_by_no_profile_are_said_to_be_in_vain(lineup, tmp_path):
    rows = {"rows": "http://127.0.0.1:1/rows", "every": "200ms", "max_age": "2s"}
    one, two = slot(tmp_path, "1", linear()), slot(tmp_path, "2", linear(1.0), PROFILE)
    assert (await serving(lineup, one)).error is None
    want(lineup, one, inputs=rows)
    ack = lineup.ack()
    assert (ack.stable, ack.error.reason, ack.error.digest) == (one.revision, "ProfileMissing", one.digest)
    assert "andon profile" in ack.error.message
    want(lineup, two, inputs=rows)
    assert (await until(lineup, lambda ack: ack.stable == two.revision)).error is None


async def test_a_stable_that_cannot_be_loaded_leaves_the_old_one_answering(lineup, tmp_path):
    one = slot(tmp_path, "1", linear(), PROFILE)
    await serving(lineup, one)
    want(lineup, slot(tmp_path, "2", b"no model"))
    ack = await until(lineup, lambda ack: ack.error)
    assert (ack.stable, ack.error.reason) == (one.revision, "NotAModel")
    assert not lineup.ready


class Refusing:
    """A loader that always fails alike."""

    def __init__(self, reason):
        self.reason = reason

    def hold(self, slots):
        """Nothing is kept."""

    async def load(self, slot, threads):
        raise UnloadableError(self.reason, "so it is", again=True)


@pytest.mark.parametrize(("reason", "longest"), [("FetchFailed", 60), ("DigestMismatch", 600)])
async def test_what_stays_as_it_is_is_looked_at_ever_more_seldom(tmp_path, monkeypatch, reason, longest):
    waits, seldom, sleep = [], asyncio.Event(), asyncio.sleep

    async def pass_at_once(seconds):
        waits.append(seconds)
        if len(waits) == 14:
            seldom.set()
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", pass_at_once)
    subject = Lineup(Refusing(reason))
    loading = asyncio.create_task(subject.keep_loading())
    want(subject, slot(tmp_path, "1", linear()))
    async with asyncio.timeout(10):
        await seldom.wait()
    loading.cancel()
    assert waits[:6] == [1, 2, 4, 8, 16, 32]
    assert max(waits) == longest


async def test_weights_in_another_file_are_refused_with_what_to_do(lineup, tmp_path):
    want(lineup, slot(tmp_path, "1", scattered(tmp_path)))
    error = (await until(lineup, lambda ack: ack.error)).error
    assert (error.reason, "external data" in error.message, "one file" in error.message) == ("NotAModel", True, True)


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
