"""Rows scored by a server process: each once and in order, and what they say of a candidate and of the tags."""

import asyncio
import signal
from math import log

import numpy as np
import pytest

from integration.serve.plant import GOOD, time_of
from unit.serve.models import linear, logarithm, picky, slot
from unit.serve.references import a_profile, sound

PROFILE = a_profile()


@pytest.fixture
def one(tmp_path):
    return slot(tmp_path, "1", linear(), PROFILE)


async def begin(server, plant, stable, candidate=None, **orders):
    """Start with orders, and wait until the server asks for what comes after now."""
    server.order(stable, candidate, rows=plant.url, **orders)
    await server.start()
    await server.until(server.ack, lambda ack: ack and ack.stable and (candidate is None or ack.candidate))
    await server.until(_answer(lambda: plant.asked))


def _answer(look):
    async def looked():
        return look()

    return looked


async def scored(server, rows, slot_="stable"):
    await server.until(lambda: server.number("andon_scored_rows_total", slot=slot_), lambda seen: seen >= rows)


async def predictions(server, slots="answered"):
    """All of them, a page at a time. slots: all, to have those of shadow, too."""
    cursor, found = 0, []
    while True:
        _, page = await server.get(f"/predictions?cursor={cursor}&limit=150&slots={slots}")
        if not page["predictions"]:
            return found
        found += page["predictions"]
        cursor = page["next"]


async def test_every_row_is_scored_once_and_in_order(server, plant, one):
    await begin(server, plant, one)
    plant.happen(450)
    await scored(server, 450)
    found = await predictions(server)
    assert [p["time"] for p in found] == [time_of(i) for i in range(1, 451)]
    assert [p["value"] for p in found] == pytest.approx([sum(sound(i, tag) for tag in "abc") for i in range(1, 451)])
    assert {p["digest"] for p in found} == {one.digest}
    assert await server.number("andon_rows_cursor_seconds") == time_of(450) / 1000


async def test_a_cursor_of_a_log_that_was_lost_misses_nothing_of_the_new_one(server, plant, one):
    await begin(server, plant, one)
    _, empty = await server.get("/predictions?cursor=100")
    assert empty == {"predictions": [], "next": 0}
    plant.happen(150)
    await scored(server, 150)
    _, page = await server.get(f"/predictions?cursor={empty['next']}")
    assert page["predictions"][0]["time"] == time_of(1)
    _, end = await server.get("/predictions?cursor=150")
    assert end == {"predictions": [], "next": 150}


async def test_rows_of_a_fast_clock_are_taken_in_a_few_at_a_time(server, plant, one):
    await begin(server, plant, one)
    asked = len(plant.asked)
    for _ in range(100):
        plant.happen(1)
        await asyncio.sleep(0.01)
    await scored(server, 100)
    assert len(plant.asked) - asked <= 100 / 5
    assert [p["time"] for p in await predictions(server)] == [time_of(i) for i in range(1, 101)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["asked to end", "killed"])
async def test_a_restart_neither_skips_nor_repeats_a_row(server, plant, one, tmp_path, number):
    two = slot(tmp_path, "2", linear(bias=0.1), PROFILE)
    await begin(server, plant, one, two)
    plant.happen(333)
    await server.until(lambda: server.number("andon_scored_rows_total", slot="stable"))
    epoch = (await server.until(lambda: server.evidence("paired")))["epoch"]
    await server.stop(number)
    plant.happen(333)
    await server.start()
    await server.until(lambda: server.evidence("paired"), lambda seen: seen.get("rows", 0) >= 660)
    evidence = await server.evidence("paired")
    assert (evidence["rows"], evidence["block"], evidence["epoch"]) == (660, 33, epoch)
    for each in ("stable", "candidate"):
        assert [p["time"] for p in await predictions(server, "all") if p["slot"] == each] == [time_of(i) for i in range(1, 667)]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(linear(bias=6.0), id="wrong by six times the stable's error"),
        pytest.param(picky(), id="raises on many rows"),
        pytest.param(logarithm(), id="of another kind"),
    ],
)
async def test_a_bad_candidate_is_convicted_within_a_few_blocks(server, plant, one, tmp_path, content):
    await begin(server, plant, one, slot(tmp_path, "2", content, PROFILE))
    plant.happen(120)
    await scored(server, 120, "candidate")
    evidence = await server.evidence("paired")
    assert evidence["log_e"] > log(1000)
    assert evidence["rows"] == 120
    assert evidence["value"] > 1.1
    assert evidence["first_bad_seconds"] < time_of(20) / 1000
    assert (await server.evidence("paired-equal"))["log_e"] < 0
    assert (await server.infer([1, 1, 1]))[0] == 200


async def test_a_good_candidate_gathers_evidence_for_itself(server, plant, one, tmp_path):
    await begin(server, plant, one, slot(tmp_path, "2", linear(bias=0.05), PROFILE))
    plant.happen(1500)
    await scored(server, 1500, "candidate")
    equal, worse = await server.evidence("paired-equal"), await server.evidence("paired")
    assert equal["log_e"] > log(20)
    assert worse["log_e"] < 0
    assert equal["value"] == pytest.approx(np.sqrt(1 + 0.05**2), rel=1e-3)
    assert "first_bad_seconds" not in worse


async def test_evidence_begins_anew_with_another_margin(server, plant, one, tmp_path):
    two = slot(tmp_path, "2", linear(bias=0.05), PROFILE)
    await begin(server, plant, one, two)
    plant.happen(60)
    before = await server.until(lambda: server.evidence("paired"), lambda seen: seen.get("rows") == 60)
    server.order(one, two, rows=plant.url, margin=0.3)
    await server.until(lambda: server.get("/slots"), lambda seen: seen[1]["wanted"]["evidence"]["margin"] == 0.3)
    plant.happen(20)
    after = await server.until(lambda: server.evidence("paired"), lambda seen: seen.get("rows") == 20)
    assert after["epoch"] > before["epoch"]


async def test_a_stuck_tag_is_found_and_believed_again_after(server, plant, one, tmp_path):
    plant.reading = lambda i, tag: (4.0 if tag == "b" and 100 < i <= 200 else sound(i, tag), GOOD, 0.05)
    await begin(server, plant, one, slot(tmp_path, "2", linear(bias=0.05), PROFILE))
    plant.happen(200)
    await scored(server, 200)
    stuck = await server.evidence("stuck", "b")
    assert stuck["log_e"] > log(1000)
    assert stuck["first_bad_seconds"] == time_of(101) / 1000
    assert (await server.evidence("stuck", "a"))["log_e"] < 0
    assert (await server.evidence("paired"))["rows"] == 140, (
        "60 rows until it was certain count for nothing; later ones are repaired"
    )
    plant.happen(60)
    await scored(server, 260)
    cleared = await server.evidence("stuck", "b")
    assert cleared["log_e"] < 0
    assert "first_bad_seconds" not in cleared


async def test_rows_without_a_needed_value_are_counted_and_not_scored(server, plant, one):
    plant.reading = lambda i, tag: (None, 0x80000000, 0.05) if tag == "c" and i % 2 else (sound(i, tag), GOOD, 0.05)
    await begin(server, plant, one)
    plant.happen(100)
    await scored(server, 50)
    assert await server.number("andon_unscored_rows_total") == 50
    assert (await server.evidence("bad-status", "c"))["log_e"] > log(1000)
    found = await predictions(server)
    assert [p["time"] for p in found] == [time_of(i) for i in range(1, 101)]
    assert [(p["value"], p["quality"], p["reason"]) for p in found[::2]] == [(None, "Bad", "InputMissing")] * 50


async def test_a_model_without_a_profile_answers_requests_and_says_once_why_no_row_is_scored(server, plant, tmp_path):
    server.order(slot(tmp_path, "1", linear()), rows=plant.url)
    await server.start()
    ack = await server.until(server.ack, lambda ack: ack and ack.error)
    assert (ack.stable.version, ack.error.reason) == ("1", "ProfileMissing")
    assert (await server.infer([1, 1, 1]))[0] == 200
    server.order(slot(tmp_path, "1", linear()), rows=plant.url, weight=1)
    await server.until(server.ack, lambda now: now.config_hash != ack.config_hash)
    assert server.log().count(ack.error.message) == 1


async def test_a_collector_that_is_away_disturbs_nothing_and_is_found_again(server, plant, one):
    server.order(one, rows="http://127.0.0.1:1/rows")
    await server.start()
    await server.until(server.ack, lambda ack: ack and ack.stable)
    assert (await server.infer([1, 1, 1]))[0] == 200
    server.order(one, rows=plant.url)
    await server.until(_answer(lambda: plant.asked))
    plant.happen(40)
    await scored(server, 40)


async def test_a_promoted_candidate_is_judged_on_beside_what_it_replaced_until_it_is_reverted(server, plant, one, tmp_path):
    two = slot(tmp_path, "2", linear(bias=6.0), PROFILE)
    await begin(server, plant, one, two)
    plant.happen(20)
    await scored(server, 20, "candidate")
    server.order(two, rows=plant.url, reference=one)
    await server.until(server.ack, lambda ack: ack.stable.version == "2" and ack.reference)
    plant.happen(100)
    await scored(server, 100, "reference")
    after = await server.evidence("paired")
    assert after["rows"] == 120
    assert after["log_e"] > log(1000)
    assert {p["slot"] for p in await predictions(server, "all")} == {"stable", "candidate", "reference"}
    server.order(one, rows=plant.url)
    await server.until(server.ack, lambda ack: ack.stable.version == "1")
    plant.happen(20)
    await scored(server, 140)
    assert await server.evidence("paired") == {}
