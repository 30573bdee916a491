"""A whole collector, as a process, between a real OPC UA server and those who read from it."""

import asyncio
import json
import time
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq

from integration.collect.machine import eventually, spec_of

EVERY = "100ms"


@asynccontextmanager
async def talking(machine, *names, every_s=0.05):
    """The machine says a new number for each of these variables, again and again."""

    async def talk():
        number = 1.0
        while True:
            for name in names:
                await machine.say(name, number)
            number += 1
            await asyncio.sleep(every_s)

    task = asyncio.create_task(talk())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def landed(collector):
    return [row for file in sorted(collector.landing.glob("date=*/*.parquet")) for row in pq.ParquetFile(file).read().to_pylist()]


async def test_rows_are_final_and_repeatable_over_a_restart_of_the_collector(machine, collector):
    await machine.start()
    one = collector(spec_of(machine.endpoint, ["A", "B"]))
    await one.start()
    await one.ready()
    async with talking(machine, "A", "B"):
        start = (await eventually(lambda: one.rows(EVERY, 0), lambda body: body["rows"]))["next"]
        await eventually(lambda: one.rows(EVERY, start), lambda body: len(body["rows"]) >= 10)
    first = await one.rows(EVERY, start, limit="10")
    assert await one.rows(EVERY, start, limit="10") == first
    assert [row["t"] for row in first["rows"]] == list(range(start + 100, start + 1001, 100))
    one.kill()
    await one.start()
    again = await one.rows(EVERY, start, limit="10")
    assert again["rows"] == first["rows"]
    assert (await one.rows(EVERY, first["rows"][3]["t"], limit="6"))["rows"] == first["rows"][4:]


async def test_a_long_poll_answers_with_the_first_row_and_not_before(machine, collector):
    await machine.start(plant=["A"])
    one = collector(spec_of(machine.endpoint, ["A"]))
    await one.start()
    await one.ready()
    start = (await eventually(lambda: one.rows("1s", 0), lambda body: body["rows"]))["next"]
    began = time.monotonic()
    body = await one.rows("1s", start, wait="5s")
    assert [row["t"] for row in body["rows"]] == [start + 1000]
    assert 0.5 < time.monotonic() - began < 4
    began = time.monotonic()
    assert (await one.rows("1h", body["next"], wait="300ms"))["rows"] == []
    assert 0.3 <= time.monotonic() - began < 2


async def test_bad_input_is_400_and_says_which(machine, collector):
    one = collector(spec_of(machine.endpoint, ["A"]))
    await one.start()
    assert await one.get("/rows", every="1s", tags="b") == (
        400,
        {"error": "tags: 'b' is not a tag of this DataSource; there are a"},
    )
    status, body = await one.get("/rows")
    assert status == 400
    assert "every" in body["error"]


async def test_readyz_tells_the_reason(machine, collector):
    one = collector(spec_of(machine.endpoint, ["A", "MISSING"]))
    await one.start()
    status, body = await eventually(lambda: one.get("/readyz"), lambda answer: answer[1]["reason"] == "EndpointUnreachable")
    assert status == 503
    assert await one.metric("andon_source_connected") == 0
    await machine.start(plant=["A"])
    status, body = await eventually(lambda: one.get("/readyz"), lambda answer: answer[1]["reason"] == "TagUnknown", within=20)
    assert status == 503
    assert "missing" in body["message"]
    assert await one.metric("andon_source_connected") == 1
    assert await one.metric("andon_source_state", reason="TagUnknown") == 1
    assert await one.metric("andon_source_state", reason="Connected") is None
    assert await one.metric("andon_source_bad_records_total", tag="missing") == 1
    assert await one.metric("andon_source_records_total", tag="a", namespace="plant-a", datasource="reactor") == 1


async def test_killed_while_writing_it_loses_nothing_committed_and_lands_nothing_twice(machine, collector):
    """Killed at three moments; each value that a row or a count ever showed is in Parquet, each exactly once."""
    await machine.start(plant=["A"])
    one = collector(spec_of(machine.endpoint, ["A"]))
    shown: set[float] = set()
    async with talking(machine, "A", every_s=0.01):
        start = None
        for moment in (0.7, 1.2, 0.3):
            await one.start()
            await one.ready()
            start = start or (await one.rows("20ms", 0, wait="1ms"))["next"]
            await asyncio.sleep(moment)  # the moment of death
            body = await one.rows("20ms", start, limit="5000")
            shown |= {row["v"][0] for row in body["rows"]} - {None, 0.0}
            one.kill()
    await one.start()
    await one.ready()

    async def values_and_count():
        values = [row["value"] for row in landed(one) if row["value"] is not None]
        return values, await one.metric("andon_landing_records", tag="a")

    await eventually(values_and_count, lambda seen: shown <= set(seen[0]) and len(seen[0]) == seen[1])
    counts = Counter(row["source_ts"] for row in landed(one))
    assert set(counts.values()) == {1}
    assert len(shown) > 50


async def test_asked_to_end_it_keeps_what_came_and_lands_nothing_partial(machine, collector):
    await machine.start(plant=["A"])
    spec = spec_of(machine.endpoint, ["A"])
    one = collector(spec | {"landing": {"uri": "pvc://landing/reactor", "rotate": "1h"}})
    await one.start()
    await one.ready()
    async with talking(machine, "A"):
        start = (await one.rows("20ms", 0, wait="1ms"))["next"]
        await eventually(lambda: one.metric("andon_source_records_total", tag="a"), lambda count: count and count > 20)
    assert await one.end() == 0
    assert landed(one) == []
    await one.start()
    assert await one.metric("andon_landing_records", tag="a") == 0
    body = await one.rows("20ms", start, limit="5000")
    assert len({row["v"][0] for row in body["rows"]} - {None}) > 10


async def test_a_changed_spec_ends_it_with_0_and_quarantine_is_taken_over_at_once(machine, collector):
    spec = spec_of(machine.endpoint, ["A"])
    one = collector(spec)
    await one.start()
    window = {
        "decision": "d-1",
        "policy": "watch",
        "tags": ["a"],
        "fault": "Stuck",
        "since": "2026-01-01T00:00:00.000000Z",
        "until": None,
    }
    one.configure(spec, [window])

    async def quarantine():
        return json.loads((one.landing / "quarantine.json").read_text())["windows"]

    await eventually(quarantine, lambda windows: windows == [window])
    assert one.process.poll() is None
    one.configure(spec_of(machine.endpoint, ["A", "B"]))
    assert await one.ended() == 0


async def test_a_landing_folder_that_is_away_stops_no_rows_and_is_caught_up_with(machine, collector):
    await machine.start(plant=["A"])
    one = collector(spec_of(machine.endpoint, ["A"]))
    one.landing.write_text("not a folder")
    await one.start()
    await one.ready()
    async with talking(machine, "A"):
        start = (await eventually(lambda: one.rows(EVERY, 0), lambda body: body["rows"]))["next"]
        await eventually(lambda: one.rows(EVERY, start), lambda body: len(body["rows"]) >= 15)
    assert "landing: " in (one.folder / "log").read_text()
    one.landing.unlink()

    async def caught_up():
        return landed(one), (one.landing / "quarantine.json").exists()

    rows, _ = await eventually(caught_up, lambda found: found[0] and found[1])
    assert any(row["value"] for row in rows)


async def test_bad_settings_end_it_with_2_and_name_the_field(machine, collector):
    one = collector(spec_of(machine.endpoint, ["A"]) | {"asset": ""})
    one.launch()
    assert await one.ended() == 2
    assert "config.json: spec.asset: String should have at least 1 character" in (one.folder / "log").read_text()


async def test_rows_say_their_regime_and_labels_come_as_they_arrive(machine, collector):
    regime, labels = {"tag": "grade", "settle": "500ms"}, {"tag": "b", "delay": "1s"}
    await machine.start(plant=["A", "B", "GRADE"])
    one = collector(spec_of(machine.endpoint, ["A", "B", "GRADE"], regime=regime, labels=labels))
    await one.start()
    await one.ready()
    newest = (await eventually(lambda: one.get("/labels", every=EVERY), lambda got: got[1]["next"] >= 3))[1]["next"]
    for name, value in (("A", 1.0), ("GRADE", 1.0)):
        await machine.say(name, value)
    taken = await machine.say("B", 7.5, source=datetime.now(UTC) - timedelta(seconds=3))
    status, answer = await one.get("/labels", every=EVERY, after=str(newest), wait="5s")
    assert (status, answer["tag"]) == (200, "b")
    assert [(label["v"], label["t"] % 100, 0 <= label["t"] - taken.timestamp() * 1000 <= 100) for label in answer["labels"]] == [
        (7.5, 0, True)
    ]
    start = (await one.rows(EVERY, 0, wait="1ms"))["next"]
    await eventually(lambda: one.rows(EVERY, start), lambda body: body["rows"][-1:] and body["rows"][-1]["g"] == "1")
    changed = (await machine.say("GRADE", 2.0)).timestamp() * 1000
    seen = (await eventually(lambda: one.rows(EVERY, start), lambda body: body["rows"][-1]["g"] == "2"))["rows"]
    assert {row["g"] for row in seen if changed <= row["t"] < changed + 400} == {"Settling"}
    one.kill()
    await one.start()
    assert (await one.rows(EVERY, start, limit=str(len(seen))))["rows"] == seen
    assert (await one.get("/labels", every=EVERY, after=str(newest)))[1]["labels"] == answer["labels"]
