"""The plant as those see it who only have the collector's rows: commanded, and seen through OPC UA."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import pytest_asyncio
from typer.testing import CliRunner

from andon.api.errors import UserError
from andon.lab.plant.cli import app
from andon.lab.plant.control import send
from andon.lab.plant.recordings import NORMAL, TAGS
from andon.lab.plant.replay import SETTLING_ROWS
from andon.lab.plant.sensors import BAD_SENSOR_FAILURE
from integration.collect.machine import Collector, eventually, free_port, spec_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

PERIOD_MS = 100
ILL = ("XMEAS_7", "XMEAS_8", "XMEAS_9", "XMEAS_10")
KEY = ("XMEAS_1", "XMEAS_2", "XMV_1")
"""Tags that together tell which recorded row is shown."""
RECORDED = {tuple(float(row[TAGS.index(tag)]) for tag in KEY): n for n, row in enumerate(NORMAL[0].rows)}


class Seen:
    """A running plant and a collector of it."""

    def __init__(self, folder: Path) -> None:
        endpoint, control = f"opc.tcp://127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        self.control = f"http://{control}"
        regime, labels = {"tag": "regime", "settle": "100ms"}, {"tag": "xmeas_38", "delay": "500ms"}
        spec = spec_of(endpoint, [*KEY, *ILL, "XMEAS_38", "RUN", "REGIME"], regime=regime, labels=labels)
        self.collector = Collector(folder, spec)
        self._command = [sys.executable, "-m", "andon.lab.plant", "--endpoint", endpoint, "--period", f"{PERIOD_MS}ms"]
        self._command += ["--control", control, "--state", str(folder / "plant")]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command)

    async def end(self) -> int:
        """SIGTERM; the exit code."""
        self._process.terminate()
        return await asyncio.to_thread(self._process.wait, 10)

    async def rows(self, after: int, *tags: str, limit: int = 500) -> list[dict[str, Any]]:
        names = ",".join(tag.lower() for tag in tags)
        return (await self.collector.rows(f"{PERIOD_MS}ms", after, tags=names, limit=str(limit)))["rows"]

    async def some(self, count: int, *tags: str) -> list[dict[str, Any]]:
        """So many rows from now on. RUN is always there, so its newest row is the newest of all."""
        after = (await self.collector.rows(f"{PERIOD_MS}ms", 0, wait="1ms", tags="run"))["next"]
        return (await eventually(lambda: self.rows(after, *tags), lambda rows: len(rows) >= count))[:count]

    async def command(self, **command: Any) -> None:
        """Command the plant, and wait until rows show what it did then."""
        await asyncio.to_thread(send, self.control, command)
        await self.some(3, "RUN")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Seen]:
    seen = Seen(tmp_path_factory.mktemp("plant"))
    seen.start()
    await seen.collector.start()
    try:
        await seen.collector.ready(within=40)
        yield seen
    finally:
        seen.collector.kill()
        await seen.end()


@pytest_asyncio.fixture(loop_scope="module")
async def plant(running: Seen) -> Seen:
    """In normal operation."""
    await running.command(do="normal")
    return running


def shown(values: list[float]) -> int:
    """Which row of the first recording these values of KEY are."""
    return RECORDED[tuple(values[: len(KEY)])]


async def test_the_process_is_replayed_row_by_row_on_the_clock(plant):
    rows = await plant.some(20, *KEY, "RUN")
    on_time = [row for row in rows if row["a"] == [0.0] * 4]
    assert len(on_time) > 10, "most rows hold values of their very time; a busy machine misses some"
    first = shown(on_time[0]["v"])
    assert [shown(row["v"]) for row in on_time] == list(range(first, first + len(on_time)))
    assert {row["v"][-1] for row in rows} == {0.0}


async def test_the_laboratory_is_five_rows_late_under_its_own_time(plant):
    async def landed() -> list[dict[str, Any]]:
        files = sorted(plant.collector.landing.glob("date=*/*.parquet"))
        return [row for file in files for row in pq.ParquetFile(file).read().to_pylist() if row["value"] is not None]

    rows = await eventually(landed, lambda rows: len([row for row in rows if row["tag"] == "xmeas_38"]) >= 8, within=20)
    at = {(row["tag"], row["source_ts"]): row["value"] for row in rows}
    laboratory = [row for row in rows if row["tag"] == "xmeas_38" and ("xmeas_1", row["source_ts"]) in at]
    assert len(laboratory) >= 3
    for row in laboratory:
        sampled = shown([at[tag.lower(), row["source_ts"]] for tag in KEY])
        assert row["value"] == float(NORMAL[0].rows[sampled][TAGS.index("XMEAS_38")])
        assert (row["received_ts"] - row["source_ts"]).total_seconds() >= 5 * PERIOD_MS / 1000


async def test_ill_sensors_show_as_what_they_are(plant):
    for command in ({"do": "stick"}, {"do": "bias", "amount": 100}, {"do": "drop"}, {"do": "bad"}):
        await plant.command(**command, tag=ILL[len(send(plant.control, None)["sensors"])])
    rows = await plant.some(10, *KEY, *ILL)
    stuck, biased, dropped, bad = ([(row["v"][n], row["s"][n], row["a"][n]) for row in rows] for n in range(3, 7))
    assert len({value for value, _, _ in stuck}) == 1
    assert [age for _, _, age in stuck] == [row["a"][0] for row in rows], "its source time goes on like a sound one's"
    truth = [float(NORMAL[0].rows[shown(row["v"])][TAGS.index("XMEAS_8")]) for row in rows]
    assert [value for value, _, _ in biased] == pytest.approx([value + 100 for value in truth])
    assert [age for _, _, age in dropped] == pytest.approx([dropped[0][2] + n * PERIOD_MS / 1000 for n in range(10)])
    assert {(value, status) for value, status, _ in bad} == {(None, BAD_SENSOR_FAILURE)}
    await plant.command(do="normal")
    row = (await plant.some(1, *KEY, *ILL))[0]
    assert row["v"][3:] == [float(NORMAL[0].rows[shown(row["v"])][TAGS.index(tag)]) for tag in ILL]


async def test_a_fault_shows_in_the_run_and_normal_ends_it(plant):
    runner = CliRunner()
    for arguments, number in ((["fault", "4"], 40.0), (["normal"], 0.0)):
        assert (await asyncio.to_thread(runner.invoke, app, [*arguments, "--control", plant.control])).exit_code == 0
        await eventually(lambda: plant.some(1, "RUN"), lambda rows, number=number: rows[0]["v"] == [number])


async def test_at_a_seam_between_recordings_the_plant_settles_and_is_of_its_one_regime_again(plant):
    before = (await plant.some(1, "RUN"))[0]["t"]
    await plant.command(do="fault", number=4)
    rows = await eventually(
        lambda: plant.rows(before, "RUN"), lambda rows: len(rows) > 15 and [row["g"] for row in rows[-3:]] == ["1"] * 3
    )
    seam = next(n for n, row in enumerate(rows) if row["v"] == [40.0])
    assert {row["g"] for row in rows[seam : seam + SETTLING_ROWS]} == {"Settling"}
    assert {row["g"] for row in rows} == {"1", "Settling"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fault", "3"], "fault 3 is not offered; there are 0 (normal), 1, 2, 4, 5, 6, 7, 8, 13"),
        (["bias", "XMEAS_99", "-1.5"], "'XMEAS_99' is not a tag of the plant; there are XMEAS_1 to XMV_11"),
    ],
)
async def test_a_refusal_says_what_there_is(plant, arguments, says):
    refused = await asyncio.to_thread(CliRunner().invoke, app, [*arguments, "--control", plant.control])
    assert isinstance(refused.exception, UserError)
    assert says in str(refused.exception)


async def test_a_restarted_plant_goes_on_and_the_collector_finds_it(plant):
    await plant.command(do="stick", tag="XMEAS_7")
    before = shown((await plant.some(1, *KEY))[0]["v"])
    assert await plant.end() == 0
    plant.start()
    await eventually(lambda: plant.some(1, *KEY), lambda rows: rows[0]["a"] == [0.0] * 3, within=30)
    assert before < shown((await plant.some(1, *KEY))[0]["v"]) < before + 300
    assert send(plant.control, None)["sensors"]["XMEAS_7"]["ill"] == "Stuck"
