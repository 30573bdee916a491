"""Labels that come late: joined once with what was predicted for their rows, in a real server process."""

import signal
from math import log

import pytest

from integration.serve.plant import GOOD, time_of
from integration.serve.test_scoring import begin, scored
from unit.serve.models import linear, picky, slot
from unit.serve.references import a_profile, sound, truth

WIDE = "abcdef"


@pytest.fixture
def one(tmp_path):
    return slot(tmp_path, "1", linear(), a_profile())


async def go_on(server, plant, rows, **labelled):
    """So many rows happen and are scored, then the labels of all rows arrive, and one more row, with which they are read."""
    plant.happen(rows)
    await scored(server, plant.happened)
    label(plant, range(1, plant.happened + 1), **labelled)
    plant.happen(1)
    await scored(server, plant.happened)


def label(plant, rows, tags="abc", off=0.0):
    """These rows' labels arrive."""
    plant.labels += [(i, truth(i, tags) + off) for i in rows]


async def learned(server):
    return await server.number("andon_labels_total")


async def test_labels_convict_a_candidate_that_errs_more(server, plant, one, tmp_path):
    await begin(server, plant, one, slot(tmp_path, "2", linear(bias=1.0), a_profile()), delay="60s")
    await go_on(server, plant, 400)
    assert await learned(server) == 400
    loss = await server.evidence("loss")
    assert loss["rows"] == 400
    assert loss["log_e"] > log(1000)
    assert loss["value"] == pytest.approx(2**0.5, rel=0.15)
    assert (await server.evidence("error", "stable"))["value"] == pytest.approx(1.0, rel=0.15)


async def test_a_candidate_that_does_not_answer_is_convicted_by_labels_too_and_over_a_restart(server, plant, one, tmp_path):
    await begin(server, plant, one, slot(tmp_path, "2", picky(), a_profile()), delay="60s")
    await go_on(server, plant, 300)
    assert (await server.evidence("loss"))["log_e"] > log(1000)
    await server.stop(signal.SIGKILL)
    await server.start()
    plant.happen(1)
    await server.until(lambda: server.evidence("loss"), lambda seen: seen.get("log_e", 0) > log(1000))
    assert "another form" not in server.log()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["asked to end", "killed"])
async def test_a_restart_neither_loses_nor_repeats_a_label(server, plant, one, tmp_path, number):
    two = slot(tmp_path, "2", linear(bias=0.1), a_profile())
    await begin(server, plant, one, two, delay="60s")
    plant.happen(100)
    await scored(server, 100)
    label(plant, range(1, 101))
    plant.happen(50)
    await server.until(lambda: server.number("andon_scored_rows_total", slot="stable"), lambda seen: seen >= 101)
    await server.stop(number)
    label(plant, range(101, 151))
    plant.happen(50)
    await server.start()
    label(plant, [*range(1, 11), *range(151, 201)])
    plant.happen(2)
    await server.until(lambda: server.evidence("loss"), lambda seen: seen.get("rows") == 200)
    plant.happen(2)
    await server.until(lambda: server.number("andon_rows_cursor_seconds"), lambda seen: seen >= time_of(204) / 1000)
    assert (await server.evidence("loss"))["rows"] == 200


async def test_after_an_outage_far_longer_than_labels_are_late_none_is_lost(server, plant, one):
    await begin(server, plant, one, delay="1s")
    plant.happen(1)
    await scored(server, 1)
    await server.stop()
    plant.happen(600)
    label(plant, range(2, 602))
    await server.start()
    await server.until(lambda: learned(server), lambda seen: seen == 600)


async def test_a_label_may_come_before_its_row(server, plant, one):
    await begin(server, plant, one, delay="60s")
    plant.happen(1)
    await scored(server, 1)
    label(plant, range(2, 42))
    plant.happen(1)
    await scored(server, 2)
    assert await learned(server) == 1
    plant.happen(39)
    await server.until(lambda: learned(server), lambda seen: seen == 40)


async def test_a_label_that_comes_after_twice_its_delay_says_nothing(server, plant, one):
    await begin(server, plant, one, delay="4s")
    plant.happen(100)
    await scored(server, 100)
    label(plant, range(1, 101))
    plant.happen(1)
    await server.until(lambda: learned(server), bool)
    assert await learned(server) in range(40, 44)


async def test_labels_of_another_quantity_are_none_of_this_model(server, plant, one):
    plant.label_tag = "z"
    await begin(server, plant, one, delay="60s")
    await go_on(server, plant, 40)
    assert await learned(server) == 0
    assert "they are of z, version 1 predicts y" in server.log()


async def test_a_promoted_candidate_is_measured_by_what_it_said_before(server, plant, one, tmp_path):
    two = slot(tmp_path, "2", linear(bias=0.1), a_profile())
    await begin(server, plant, one, two, delay="60s")
    plant.happen(100)
    await scored(server, 100, "candidate")
    server.order(two, rows=plant.url, delay="60s")
    await server.until(server.ack, lambda ack: ack.stable.version == "2")
    label(plant, range(1, 101))
    plant.happen(1)
    await server.until(lambda: learned(server), lambda seen: seen == 100)
    assert (await server.evidence("error", "stable"))["rows"] == 100


async def test_a_collector_without_labels_stops_no_rows(server, plant, one):
    plant.label_tag = None
    await begin(server, plant, one, delay="60s")
    plant.happen(40)
    await scored(server, 40)
    assert "this DataSource has no labels" in server.log()


async def test_with_a_tag_at_fault_models_are_judged_by_what_the_others_say_of_it(server, plant, tmp_path):
    plant.reading = lambda i, tag: (sound(i, tag) + (6.0 if tag == "b" and i > 100 else 0.0), GOOD, 0.05)
    stable = slot(tmp_path, "1", linear(width=6), a_profile(WIDE))
    candidate = slot(tmp_path, "2", linear(bias=1.0, width=6), a_profile(WIDE))
    await begin(server, plant, stable, candidate, delay="60s")
    await go_on(server, plant, 300, tags=WIDE)
    assert (await server.evidence("biased", "b"))["log_e"] > log(1000)
    assert (await server.evidence("loss"))["value"] < 1.6, "of judged predictions; of those given it would be about 1.16"


async def test_rows_of_no_known_regime_are_no_evidence_about_models(server, plant, tmp_path):
    graded = a_profile(regimes=("1", "2"))
    plant.regime = lambda i: "1" if i <= 100 else "Settling" if i <= 120 else "3"
    await begin(server, plant, slot(tmp_path, "1", linear(), graded), slot(tmp_path, "2", linear(0.1), graded), delay="60s")
    await go_on(server, plant, 200)
    assert await learned(server) == 100
    assert (await server.evidence("loss"))["rows"] == 100
    assert (await server.evidence("regime", "Unknown"))["value"] == 1.0


async def test_drift_tells_everything(server, plant, one):
    await begin(server, plant, one)
    assert (await server.get("/drift"))[1]["evidence"] == []
    plant.happen(60)
    await scored(server, 60)
    status, report = await server.get("/drift")
    assert status == 200
    assert {(e["question"], e["subject"]) for e in report["evidence"]} >= {("stuck", "a"), ("shift", "inputs")}
    assert report["notBelieved"] == []
    async with server.session.post(f"{server.url}/drift") as response:
        assert response.status == 405
