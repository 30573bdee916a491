"""Each way in which Prometheus can be ill, as who asks it through the bench's weather gets it. Prometheus is a real one."""

import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from andon.lab import toolchain
from andon.lab.network import Claim
from bench.rollout.weather import Illness, Weather
from support.eventually import eventually


@pytest.fixture(scope="module")
def weather(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weather]:
    folder, claim = tmp_path_factory.mktemp("prometheus"), Claim.take()
    (folder / "prometheus.yaml").write_text("{}")
    address = f"{claim.network.control}:9090"
    toolchain.ensure()
    options = (f"--config.file={folder / 'prometheus.yaml'}", f"--storage.tsdb.path={folder / 'data'}")
    command = [str(toolchain.binary("prometheus")), *options, f"--web.listen-address={address}", "--log.level=error"]
    with subprocess.Popen(command) as process:
        try:
            with Weather(f"http://{address}") as found:
                eventually(lambda: answered(found, "someone", "vector(1)"), within=30)
                yield found
        finally:
            process.terminate()
            claim.release()


def answered(weather: Weather, name: str, query: str, timeout: float = 5.0) -> list[Any] | None:
    """The samples, or None where nobody answers in time."""
    url = f"{weather.url(name)}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    try:
        with urllib.request.urlopen(url, timeout=timeout) as found:  # noqa: S310 - an address of this test
            return [series["value"] for series in json.load(found)["data"]["result"]]
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return None


def test_who_is_well_gets_what_prometheus_says(weather: Weather):
    with weather.ill(Illness.EMPTY, "other"):
        assert [value for _, value in answered(weather, "someone", "vector(1)") or ()] == ["1"]


def test_away_is_no_answer_while_it_lasts(weather: Weather):
    with weather.ill(Illness.AWAY, "someone"):
        assert answered(weather, "someone", "vector(1)", timeout=0.5) is None
    assert answered(weather, "someone", "vector(1)")


def test_nan_and_empty_are_answers_without_a_number(weather: Weather):
    with weather.ill(Illness.NAN, "someone"):
        assert [value for _, value in answered(weather, "someone", "vector(1)") or ()] == ["NaN"]
    with weather.ill(Illness.EMPTY, "someone"):
        assert answered(weather, "someone", "vector(1)") == []


def test_stale_is_the_answer_of_the_moment_it_began(weather: Weather):
    with weather.ill(Illness.STALE, "someone"):
        first = answered(weather, "someone", "vector(time())")
        eventually(time.time, until=lambda now: now > (first or [[0]])[0][0] + 1, within=5)
        assert answered(weather, "someone", "vector(time())") == first
