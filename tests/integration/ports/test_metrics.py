"""A real Prometheus says what it scraped and when; whatever keeps it from saying so is a fact of its own."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from andon.api.config import Prometheus
from andon.ports.metrics import PrometheusMetrics
from andon.ports.missing import Missing
from integration.ports.conftest import KEY, NUMBERS, sees
from support.eventually import eventually
from support.odd import answering, nobody, silent


def test_evidence_is_dated_by_its_scrape_and_not_by_the_question(prometheus, fresh):
    before = datetime.now(UTC)
    fresh.export(**NUMBERS | {"block": 11, "first_bad_seconds": 1795000001.5})
    (row,) = eventually(lambda: sees(prometheus), lambda found: found[0].block == 11, within=10)
    assert (row.namespace, row.question, row.subject, row.log_e, row.rows) == ("plant-a", "paired", "candidate", 3.5, 300)
    assert row.first_bad == datetime.fromtimestamp(1795000001.5, UTC)
    assert row.missing is None
    assert before <= row.scraped <= datetime.now(UTC)
    fresh.page = None
    eventually(lambda: sees(prometheus), lambda found: isinstance(found, Missing), within=10)


def test_value_and_scrape_time_are_of_one_scrape(prometheus, fresh):
    """The exporter exports when it was asked: were the two read apart, a scrape in between would show."""

    class Now:
        def encode(self):
            clock = datetime.now(UTC).timestamp()
            return "".join(
                f"andon_evidence_{name}{{{KEY}}} {value}\n" for name, value in {**NUMBERS, "value": clock}.items()
            ).encode()

    fresh.page = Now()
    eventually(lambda: sees(prometheus), lambda found: not isinstance(found, Missing) and found[0].value > 1e9, within=10)

    async def ask_often():
        metrics = PrometheusMetrics(Prometheus(url=prometheus), max_age=0)
        answers = [await metrics.evidence() for _ in range(100)]
        metrics.close()
        return answers

    rows = [row for (row,) in asyncio.run(ask_often())]
    assert len({row.scraped for row in rows}) > 1
    assert all(abs(row.value - row.scraped.timestamp()) < 0.1 for row in rows)


def test_a_failed_scrape_is_no_series_at_once_and_nan_is_something_else(prometheus, fresh):
    fresh.page = None
    missing = eventually(lambda: sees(prometheus), lambda found: isinstance(found, Missing), within=10)
    assert missing.reason == "NoSeries"
    fresh.export(**NUMBERS | {"log_e": "NaN"})
    (row,) = eventually(lambda: sees(prometheus), lambda found: not isinstance(found, Missing), within=10)
    assert row.missing.reason == "NotANumber"


def test_landed_records_are_read_with_their_scrape(prometheus, fresh):
    read = PrometheusMetrics.landing_records
    found = eventually(lambda: sees(prometheus, read), lambda found: not isinstance(found, Missing), within=10)
    assert list(found) == [("plant-a", "reactor", "xmeas_1")]
    assert found["plant-a", "reactor", "xmeas_1"].records == 2500


def test_a_question_that_prometheus_does_not_understand_is_refused(prometheus):
    missing = sees(prometheus, lambda metrics: metrics.read("up[", dated_by="up"))
    assert missing.reason == "Refused"
    assert "parse error" in missing.detail


async def test_a_thousand_policies_are_one_query():
    async with answering(200, json.dumps({"status": "success", "data": {"resultType": "vector", "result": []}}).encode()) as (
        url,
        seen,
    ):
        metrics = PrometheusMetrics(Prometheus(url=url))
        answers = await asyncio.gather(*(metrics.evidence() for _ in range(1000)))
        metrics.close()
    assert {answer.reason for answer in answers} == {"NoSeries"}
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("status", "body", "reason", "says"),
    [
        pytest.param(400, b'{"status": "error", "error": "parse error"}', "Refused", "parse error", id="4xx"),
        pytest.param(403, b"no", "Refused", "403", id="forbidden"),
        pytest.param(503, b"starting", "ServerError", "503", id="5xx"),
        pytest.param(200, b'{"status": "error", "error": "x"}', "ServerError", "without a result", id="an error as 200"),
        pytest.param(200, b"<html>log in</html>", "Malformed", "JSON", id="not JSON"),
        pytest.param(200, b"[]", "Malformed", "as Prometheus does", id="another service's JSON"),
        pytest.param(200, b'{"data": {"result": [1795.0, "1"]}}', "Malformed", "as Prometheus does", id="a scalar"),
        pytest.param(200, b'{"data": {"result": []}}', "NoSeries", "andon_evidence_", id="empty"),
    ],
)  # fmt: skip
async def test_each_bad_answer_is_a_fact_of_its_own_and_asked_for_once(status, body, reason, says):
    async with answering(status, body) as (url, seen):
        missing = await PrometheusMetrics(Prometheus(url=url)).evidence()
    assert missing.reason == reason
    assert says in missing.detail
    assert len(seen) == 1


async def test_no_answer_in_time_is_told_from_nobody_there():
    with silent() as url:
        slow = await PrometheusMetrics(Prometheus(url=url, timeout="300ms")).evidence()
    with nobody() as url:
        away = await PrometheusMetrics(Prometheus(url=url.replace("//", "//andon:s3cret@"))).evidence()
    assert (slow.reason, away.reason) == ("Timeout", "Unreachable")
    assert "s3cret" not in away.detail


async def test_a_server_that_hangs_ties_up_a_few_threads_and_everybody_is_answered_in_time():
    with silent() as url:
        metrics = PrometheusMetrics(Prometheus(url=url, timeout="300ms"))
        async with asyncio.timeout(3):
            answers = await asyncio.gather(*(metrics.read("up", dated_by="up") for _ in range(50)))
    assert {answer.reason for answer in answers} == {"Timeout"}
