"""Predictions reach their consumers: all of them, in order, whatever falls over in between."""

import asyncio
import signal
from itertools import pairwise

import pytest

from integration.serve.consumers import HOST, TOPIC, Line, WebService
from integration.serve.plant import GOOD, time_of
from integration.serve.test_access import certificate
from integration.serve.test_scoring import _answer, begin, scored
from integration.serve.wire import Wire
from unit.serve.models import linear, slot
from unit.serve.references import a_profile, sound

MQTT = {"mqtt": {"broker_ref": {"name": "line"}, "topic": TOPIC}}
NAME = f"mqtt/line/{TOPIC}"


@pytest.fixture
def one(tmp_path):
    return slot(tmp_path, "1", linear(), a_profile())


@pytest.fixture
async def line():
    line = Line()
    await line.start()
    yield line
    await line.kill()


@pytest.fixture
async def wire(line):
    """To the broker, and so that it can be cut."""
    wire = Wire(HOST, line.port)
    await wire.join()
    yield wire
    await wire.cut()


@pytest.fixture
async def service():
    service = WebService()
    await service.start()
    yield service
    await service.stop()


def secret(server, name, **contents):
    folder = server.secrets / name
    folder.mkdir(parents=True, exist_ok=True)
    for key, text in contents.items():
        (folder / key.replace("ca_crt", "ca.crt")).write_text(text)


async def known(server, name=NAME):
    """The output's cursor is there: what happens from now on is to be sent."""
    await server.until(server.metrics, lambda samples: any(s.labels.get("output") == name for s in samples))


async def heard(line, rows):
    for _ in range(1500):
        if len({m["time"] for m in line.heard}) >= rows:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{len(line.heard)} messages, the last {line.heard[-1:]}")


def in_order(times):
    """Times without what was sent again: an ordered stream, of which a piece may be repeated from some place on."""
    return [later for earlier, later in pairwise([0, *times]) if later > earlier]


def rows(first, last):
    return [time_of(i) for i in range(first, last + 1)]


async def test_two_outputs_to_one_place_are_two(server, plant, one, service):
    to = {"http": {"url": service.url}}
    await begin(server, plant, one, outputs=[to, to])
    await known(server, f"http/{service.url}#2")
    plant.happen(20)
    await server.until(_answer(lambda: sum(len(taken) for taken in service.taken) == 40))
    assert await server.number("andon_output_sent_total", output=f"http/{service.url}") == 20


async def test_every_prediction_reaches_the_broker_once_and_in_order(server, plant, one, line):
    secret(server, "line", url=f"mqtt://{HOST}:{line.port}")
    await begin(server, plant, one, outputs=[MQTT])
    await known(server)
    plant.happen(450)
    await heard(line, 450)
    assert [m["time"] for m in line.heard] == rows(1, 450)
    expected = {
        "asset": "product-e",
        "model": "product-e",
        "version": "1",
        "digest": one.digest,
        "quality": "Good",
        "reason": None,
    }
    assert {key: line.heard[0][key] for key in expected} == expected
    assert line.heard[0]["value"] == pytest.approx(sum(sound(1, tag) for tag in "abc"))
    await server.until(lambda: server.number("andon_output_sent_total", output=NAME), lambda sent: sent == 450)
    assert await server.number("andon_output_behind_rows", output=NAME) == 0


async def test_a_broker_that_is_killed_and_comes_back_misses_nothing(server, plant, one, line, wire):
    secret(server, "line", url=f"mqtt://{HOST}:{wire.end}")
    await begin(server, plant, one, outputs=[MQTT])
    await known(server)
    plant.happen(150)
    await heard(line, 150)
    await wire.cut()
    await line.kill()
    plant.happen(350)
    await scored(server, 500)
    assert await server.number("andon_output_behind_rows", output=NAME) == 350
    await line.start()
    await wire.join()
    await heard(line, 500)
    assert in_order([m["time"] for m in line.heard]) == rows(1, 500)
    assert "its consumer takes predictions again" in server.log()


async def test_a_connection_that_breaks_again_and_again_loses_nothing(server, plant, one, line, wire):
    secret(server, "line", url=f"mqtt://{HOST}:{wire.end}")
    await begin(server, plant, one, outputs=[MQTT])
    await known(server)
    for cut in range(5):
        plant.happen(200)
        await heard(line, 200 * cut + 20)
        await wire.cut()
        await wire.join()
    await heard(line, 1000)
    assert sorted({m["time"] for m in line.heard}) == rows(1, 1000)
    assert in_order([m["time"] for m in line.heard])[-1] == time_of(1000)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["asked to end", "killed"])
async def test_a_restart_of_the_server_loses_nothing(server, plant, one, line, number):
    secret(server, "line", url=f"mqtt://{HOST}:{line.port}")
    await begin(server, plant, one, outputs=[MQTT])
    await known(server)
    plant.happen(600)
    await heard(line, 50)
    await server.stop(number)
    plant.happen(100)
    await server.start()
    await heard(line, 700)
    times = [m["time"] for m in line.heard]
    assert sorted(set(times)) == rows(1, 700)
    if number is signal.SIGTERM:
        assert times == rows(1, 700), "who is asked to end waits for what is under way"


async def test_what_is_suppressed_is_sent_to_nobody(server, plant, one, line):
    plant.reading = lambda i, tag: (None, 0x80000000, 0.05) if tag == "c" and i % 2 else (sound(i, tag), GOOD, 0.05)
    secret(server, "line", url=f"mqtt://{HOST}:{line.port}")
    await begin(server, plant, one, outputs=[MQTT])
    await known(server)
    plant.happen(40)
    await heard(line, 20)
    await server.until(lambda: server.number("andon_output_sent_total", output=NAME), lambda sent: sent == 20)
    assert [m["time"] for m in line.heard] == rows(1, 40)[1::2]


async def test_a_secret_that_is_wrong_is_said_and_read_again_once_it_is_right(server, plant, one, line):
    secret(server, "line", url="mqtt://", password="hunter2")
    await begin(server, plant, one, outputs=[MQTT])
    await known(server)
    plant.happen(20)
    await scored(server, 20)
    assert "url of the Secret line is not mqtt://HOST:PORT" in server.log()
    secret(server, "line", url=f"mqtt://{HOST}:{line.port}")
    await heard(line, 20)
    assert "hunter2" not in server.log()


async def test_a_broker_is_trusted_by_the_authority_of_its_secret_alone(server, plant, one, tmp_path):
    certificate(tmp_path, 1)
    line = Line(certificates=tmp_path)
    await line.start()
    try:
        secret(server, "line", url=f"mqtts://localhost:{line.port}")
        await begin(server, plant, one, outputs=[MQTT])
        await known(server)
        plant.happen(20)
        await server.until(_answer(server.log), lambda log: "certificate verify failed" in log)
        assert line.heard == []
        secret(server, "line", ca_crt=(tmp_path / "tls.crt").read_text())
        await heard(line, 20)
    finally:
        await line.kill()


async def test_a_web_service_gets_all_in_batches_though_it_fails_in_between(server, plant, one, service):
    secret(server, "portal", token="s3cret")
    output = {"http": {"url": service.url, "token_ref": {"name": "portal"}}}
    service.answers = [500, 302, 429, 204, 503]
    await begin(server, plant, one, outputs=[output])
    await known(server, f"http/{service.url}")
    plant.happen(700)
    await server.until(lambda: server.number("andon_output_sent_total"), lambda sent: sent == 700, within=30)
    assert [p["time"] for batch in service.taken for p in batch] == rows(1, 700)
    assert max(map(len, service.taken)) <= 500
    assert {headers["Authorization"] for headers in service.seen} == {"Bearer s3cret"}
    assert "it answered 500" in server.log()
    assert "s3cret" not in server.log()


@pytest.mark.scenario
async def test_a_web_service_that_is_silent_holds_up_nothing_but_itself(server, plant, one, service, line):
    secret(server, "line", url=f"mqtt://{HOST}:{line.port}")
    service.answers = [None]
    await begin(server, plant, one, outputs=[MQTT, {"http": {"url": service.url}}])
    await known(server)
    plant.happen(300)
    await scored(server, 300)
    await heard(line, 300)
    assert service.taken == []
    await server.until(lambda: server.number("andon_output_behind_rows", output=NAME), lambda behind: behind == 0)
    assert await server.number("andon_output_behind_rows", output=f"http/{service.url}") == 300
    await server.until(lambda: server.number("andon_output_sent_total", output=f"http/{service.url}"), bool, within=20)
    assert in_order([p["time"] for batch in service.taken for p in batch])[0] == time_of(1)


async def test_an_output_that_is_ordered_later_begins_with_the_next_prediction(server, plant, one, line):
    secret(server, "line", url=f"mqtt://{HOST}:{line.port}")
    await begin(server, plant, one)
    plant.happen(40)
    await scored(server, 40)
    server.order(one, rows=plant.url, outputs=[MQTT])
    await known(server)
    plant.happen(40)
    await heard(line, 40)
    assert [m["time"] for m in line.heard] == rows(41, 80)
    server.order(one, rows=plant.url)
    await server.until(server.metrics, lambda samples: not any("output" in s.labels for s in samples))
