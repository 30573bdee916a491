"""Any PromQL of a user's is one number with its time, or a reason of its own why not."""

import asyncio
import json
import ssl
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from andon.api.config import Prometheus
from andon.api.evidence import Reading
from andon.lab.authority import Authority
from andon.ports.metrics import PrometheusMetrics
from andon.ports.missing import Missing
from integration.ports.conftest import NUMBERS, sees
from support.eventually import eventually
from support.odd import answering, nobody, silent

EMPTY = json.dumps({"status": "success", "data": {"resultType": "vector", "result": []}}).encode()
TIMELESS = json.dumps({"data": {"result": [{"metric": {}, "value": [1795.0, "1"]}]}}).encode()
HISTOGRAM = json.dumps({"data": {"result": [{"metric": {}, "histogram": [1, {}]}]}}).encode()


def asked(address, query):
    return sees(address, lambda metrics: metrics.signal(query))


@pytest.fixture
def scrap(fresh):
    """Two lines export their scrap; one of the series is old, as a gateway keeps it."""
    old = round((time.time() - 100) * 1000)
    more = ['scrap{line="a"} 0.25', 'scrap{line="b"} 0.75', 'scrap{line="nan"} NaN', f'scrap_old{{line="a"}} 0.5 {old}']
    fresh.export(landed=2500, more=more, **NUMBERS)
    return old / 1000


@pytest.mark.parametrize(
    ("query", "value"),
    [
        pytest.param('scrap{line="a"}', 0.25, id="a selector"),
        pytest.param('sum(scrap{line=~"a|b"})', 1.0, id="computed"),
        pytest.param('scrap{line="a"} # of the night shift', 0.25, id="a comment at its end"),
        pytest.param('scrap{line="a"} and scrap', 0.25, id="an operator that binds loosely"),
        pytest.param('scrap{line="a"} > bool 0.1', 1.0, id="a comparison that keeps its answer"),
    ],
)
def test_one_number_is_read_with_its_time(prometheus, scrap, query, value):
    before = time.time()
    read = eventually(lambda: asked(prometheus, query), lambda found: isinstance(found, Reading), within=10)
    assert read.value == value
    assert abs(read.sampled.timestamp() - before) < 10


def test_a_selector_is_as_old_as_its_sample(prometheus, scrap):
    sampled = Reading(0.5, datetime.fromtimestamp(scrap, UTC))
    eventually(lambda: asked(prometheus, "(scrap_old)"), lambda found: found == sampled, within=10)


@pytest.mark.parametrize(
    ("query", "reason", "says"),
    [
        pytest.param("scrap_of_nobody", "NoSeries", "no result", id="empty"),
        pytest.param('scrap{line="a"} > 0.5', "NoSeries", "comparison", id="a comparison that drops it"),
        pytest.param('scrap{line=~"a|b"}', "ManySeries", "gives 2 series", id="several"),
        pytest.param('scrap{line="nan"}', "NotANumber", "is nan", id="NaN"),
        pytest.param('scrap{line="a"} / 0', "NotANumber", "is inf", id="infinite"),
        pytest.param("scrap[", "BadQuery", "parse error", id="no PromQL"),
        pytest.param("scalar(scrap)", "BadQuery", "scalar", id="no vector"),
        pytest.param('{line=~"a|b"} * on() {line=~"a|b"}', "BadQuery", "duplicate", id="it cannot be evaluated"),
    ],
)
def test_what_is_not_one_number_says_why(prometheus, scrap, query, reason, says):
    eventually(lambda: asked(prometheus, 'scrap{line="b"}'), lambda found: isinstance(found, Reading), within=10)
    missing = asked(prometheus, query)
    assert isinstance(missing, Missing)
    assert (missing.reason, says in missing.detail, " ".join(query.split()) in missing.detail) == (reason, True, True)


@pytest.mark.parametrize(
    ("status", "body", "reason", "says"),
    [
        pytest.param(400, b'{"error": "parse error"}', "BadQuery", "`up` cannot be answered", id="400: the query is wrong"),
        pytest.param(422, b'{"error": "too many samples"}', "BadQuery", "too many samples", id="422: it cannot be evaluated"),
        pytest.param(401, b"who are you", "Refused", "credentials", id="401"),
        pytest.param(429, b"slow down", "Refused", "429", id="429"),
        pytest.param(503, b"starting", "ServerError", "503", id="5xx"),
        pytest.param(200, b"<html>log in</html>", "Malformed", "JSON", id="not JSON"),
        pytest.param(200, b'{"data": {"result": [1795.0, "1"]}}', "Malformed", "as Prometheus does", id="a scalar"),
        pytest.param(200, b'{"data": {"result": [{"metric": {}}]}}', "Malformed", "as Prometheus does", id="no value"),
        pytest.param(200, TIMELESS, "Malformed", "as Prometheus does", id="no time of its sample"),
        pytest.param(200, HISTOGRAM, "NotANumber", "histogram_quantile", id="a native histogram"),
    ],
)  # fmt: skip
async def test_each_bad_answer_is_a_fact_of_its_own(status, body, reason, says):
    async with answering(status, body) as (url, seen):
        missing = await PrometheusMetrics(Prometheus(url=url)).signal("up")
    assert missing.reason == reason
    assert says in missing.detail
    assert len(seen) == 1


async def test_no_answer_in_time_is_told_from_nobody_there_and_from_no_trust(tmp_path):
    with silent() as url:
        slow = await PrometheusMetrics(Prometheus(url=url, timeout="300ms")).signal("up")
    with nobody() as url:
        away = await PrometheusMetrics(Prometheus(url=url)).signal("up")
    async with blurting() as url:
        plain = await PrometheusMetrics(Prometheus(url=url)).signal("up")
    async with answering(200, EMPTY, tls=self_signed(tmp_path)) as (url, _):
        unknown = await PrometheusMetrics(Prometheus(url=url.replace("http://", "https://andon:s3cret@"))).signal("up")
    assert [said.reason for said in (slow, away, plain, unknown)] == ["Timeout", "Unreachable", "TlsFailed", "TlsFailed"]
    assert "certificate verify failed" in unknown.detail
    assert "s3cret" not in unknown.detail


async def test_the_same_query_of_a_thousand_policies_is_asked_once():
    async with answering(200, EMPTY) as (url, seen):
        metrics = PrometheusMetrics(Prometheus(url=url))
        answers = await asyncio.gather(*(metrics.signal(("scrap", "waste")[n % 2]) for n in range(1000)))
        metrics.close()
    assert {answer.reason for answer in answers} == {"NoSeries"}
    assert len(seen) == 2


async def test_queries_of_policies_that_are_gone_are_forgotten(monkeypatch):
    monkeypatch.setattr("andon.ports.metrics._QUERIES", 2)
    async with answering(200, EMPTY) as (url, _):
        metrics = PrometheusMetrics(Prometheus(url=url))
        for query in ("a", "b", "c"):
            await metrics.signal(query)
        assert set(metrics._signals) == {"b", "c"}


async def test_slow_signals_do_not_hold_up_the_evidence():
    with silent() as url:
        metrics = PrometheusMetrics(Prometheus(url=url, timeout="500ms"))
        slow = [asyncio.create_task(metrics.signal(f"signal_{n}")) for n in range(20)]
        await asyncio.sleep(0)
        async with asyncio.timeout(2):
            assert (await metrics.evidence()).reason == "Timeout"
            assert {said.reason for said in await asyncio.gather(*slow)} == {"Timeout"}
        assert metrics._blocking._free._value == 3, "only the evidence is asked for there"


@asynccontextmanager
async def blurting():
    """A server without TLS at an https address: it answers whatever it is told, as web servers do."""

    async def answer(reader, writer):
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def self_signed(folder) -> ssl.SSLContext:
    certificate, key = Authority(folder).server("prometheus", ["localhost"], ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
