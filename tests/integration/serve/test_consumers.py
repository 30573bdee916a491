"""What consumers of predictions get of each row: from whom, how good, and why."""

import asyncio
import sys
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from integration.serve.plant import EVERY_MS, GOOD, time_of
from integration.serve.test_scoring import begin, predictions, scored
from unit.serve.models import linear, picky, slot
from unit.serve.references import a_profile, sound

PROFILE = a_profile()
MISSING = (None, 0x80000000, 0.05)


@pytest.fixture
def one(tmp_path):
    return slot(tmp_path, "1", linear(), PROFILE)


def sum_of(i):
    return sum(sound(i, tag) for tag in "abc")


def number_of(prediction):
    return (prediction["time"] - time_of(0)) // EVERY_MS


async def test_a_candidate_with_a_fifth_answers_every_fifth_block_and_scores_every_row(server, plant, one, tmp_path):
    two = slot(tmp_path, "2", linear(bias=0.1), PROFILE)
    await begin(server, plant, one, two, weight=20)
    plant.happen(400)
    await scored(server, 400, "candidate")
    answered, everything = await predictions(server), await predictions(server, "all")
    assert [p["time"] for p in answered] == [time_of(i) for i in range(1, 401)]
    theirs = [p for p in answered if p["slot"] == "candidate"]
    assert {p["time"] // (20 * EVERY_MS) % 5 for p in theirs} == {4}
    assert 60 <= len(theirs) <= 100
    assert [p["value"] for p in theirs] == pytest.approx([sum_of(number_of(p)) + 0.1 for p in theirs])
    assert len(everything) == 800
    assert len([p for p in everything if p["slot"] == "candidate"]) == 400


async def test_where_a_candidate_has_no_answer_consumers_get_the_stables(server, plant, one, tmp_path):
    await begin(server, plant, one, slot(tmp_path, "2", picky(), PROFILE), weight=100)
    plant.happen(200)
    await scored(server, 200, "candidate")
    answered = await predictions(server)
    assert {p["quality"] for p in answered} == {"Good"}
    assert {p["slot"] for p in answered if sound(number_of(p), "a") >= 5} == {"stable"}
    assert {p["slot"] for p in answered if sound(number_of(p), "a") < 5} == {"candidate"}
    failed = await server.number("andon_failed_rows_total", slot="candidate")
    assert failed == len([p for p in answered if p["slot"] == "stable"]) > 0
    assert await server.number("andon_failed_rows_total", slot="stable") == 0


async def test_while_values_are_missing_the_last_good_answer_stands_in_though_the_server_is_started_anew(server, plant, one):
    plant.reading = lambda i, tag: MISSING if tag in "bc" and 21 <= i <= 40 else (sound(i, tag), GOOD, 0.05)
    await begin(server, plant, one, on_bad_input="LastGood")
    plant.happen(30)
    await server.until(lambda: server.number("andon_unscored_rows_total"), lambda rows: rows == 10)
    await server.stop()
    await server.start()
    plant.happen(30)
    await scored(server, 20)
    found = await predictions(server)
    assert [p["quality"] for p in found] == ["Good"] * 20 + ["Uncertain"] * 20 + ["Good"] * 20
    assert {p["reason"] for p in found[20:40]} == {"InputMissing"}
    assert [p["value"] for p in found[20:40]] == [pytest.approx(sum_of(20))] * 20
    assert {p["valueTime"] for p in found[20:40]} == {time_of(20)}


@pytest.mark.parametrize(
    ("policy", "quality"),
    [
        pytest.param("Suppress", "Bad", id="nothing"),
        pytest.param("Flag", "Uncertain", id="the answer with the tag told from the others"),
    ],
)
async def test_while_a_tag_is_at_fault_consumers_get(server, plant, tmp_path, policy, quality):
    wide, off = "abcdef", 30.0
    plant.reading = lambda i, tag: (sound(i, tag) + (off if tag == "b" and i > 100 else 0.0), GOOD, 0.05)
    await begin(server, plant, slot(tmp_path, "1", linear(width=6), a_profile(wide)), on_bad_input=policy)
    plant.happen(300)
    await scored(server, 300)
    found = (await predictions(server))[200:]
    assert {(p["quality"], p["reason"]) for p in found} == {(quality, "InputAtFault")}
    truths = [sum(sound(number_of(p), tag) for tag in wide) for p in found]
    if policy == "Suppress":
        assert {p["value"] for p in found} == {None}
    else:
        assert max(abs(p["value"] - truth) for p, truth in zip(found, truths, strict=True)) < off / 5


async def test_why_tells_what_each_feature_did(server, plant, one):
    await begin(server, plant, one, explain={"sample": "0"})
    plant.happen(20)
    await scored(server, 20)
    status, told = await server.get(f"/why?time={time_of(7)}")
    assert status == 200
    assert told["prediction"]["value"] == pytest.approx(sum_of(7))
    assert {c["feature"]: c["value"] for c in told["contributions"]} == pytest.approx({tag: sound(7, tag) for tag in "abc"})
    parts = [abs(c["contribution"]) for c in told["contributions"]]
    assert parts == sorted(parts, reverse=True)
    whole = sum(c["contribution"] for c in told["contributions"]) + told["typical"] + told["remainder"]
    assert whole == pytest.approx(sum_of(7))
    assert abs(told["remainder"]) < 0.3, "a sum has no parts that act together"
    assert (told["revision"], told["digest"], told["profileDigest"]) == ("1", one.digest, one.profile_digest)
    assert (await server.get(f"/why?time={time_of(7) + 1}"))[0] == 404


async def why(*arguments):
    """`andon why` where no cluster is configured: its exit code, and all that it says."""
    command = (sys.executable, "-m", "andon.cli", "why", *arguments)
    pipe, nowhere = asyncio.subprocess.PIPE, {"PATH": "/usr/bin", "HOME": "/nonexistent", "COLUMNS": "150"}
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=asyncio.subprocess.STDOUT, env=nowhere)
    said, _ = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode, said.decode()


async def test_andon_why_needs_no_cluster_where_the_server_is_named(server, plant, one):
    await begin(server, plant, one)
    plant.happen(20)
    await scored(server, 20)
    at = datetime.fromtimestamp(time_of(7) / 1000, UTC).isoformat().replace("+00:00", "Z")
    code, said = await why("product-e", at, "--server", server.url)
    assert (code, f"digest   {one.digest}" in said, "No cluster is configured: people" in said) == (0, True, True), said
    code, said = await why("product-e", "2025-01-01T00:00:00Z", "--server", server.url)
    assert (code, "no prediction of 2025-01-01T00:00:00.000Z" in said) == (1, True), said
    code, said = await why("product-x", at, "--server", server.url)
    assert (code, "serves product-e, not product-x" in said) == (1, True), said
    assert "no cluster is configured" in (await why("product-e", at))[1]


async def test_a_share_of_answers_is_explained_unasked_and_stays_so_when_the_revision_is_gone(server, plant, one, tmp_path):
    await begin(server, plant, one, explain={"sample": "0.1"})
    plant.happen(200)
    await scored(server, 200)
    two = slot(tmp_path, "2", linear(bias=0.1), PROFILE)
    server.order(two, rows=plant.url)
    await server.until(server.ack, lambda ack: ack.stable.version == "2")
    told = [(await server.get(f"/why?time={time_of(i)}"))[1] for i in range(1, 201)]
    explained = [i for i, each in enumerate(told) if each["contributions"]]
    assert {later - earlier for earlier, later in pairwise(explained)} == {10}
    assert {each["unexplained"] for i, each in enumerate(told) if i not in explained} == {
        "version 1 is in no slot any more: load it again to have it explained"
    }
