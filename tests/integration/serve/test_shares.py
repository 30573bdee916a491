"""A candidate with a weight answers its share, the same assets always; what it cannot answer the stable answers."""

from collections import Counter

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from integration.serve.process import rows, serving
from unit.serve.models import linear, picky

INFER = "/v2/models/m/infer"


@pytest.fixture
def files(tmp_path):
    """Writes the models of a stable and a candidate, and names them as options."""

    def write(stable, candidate):
        (tmp_path / "1.onnx").write_bytes(stable)
        (tmp_path / "2.onnx").write_bytes(candidate)
        return "--model", f"m={tmp_path / '1.onnx'}", "--candidate", f"m={tmp_path / '2.onnx'}"

    return write


async def metrics(server):
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{server.port}/metrics") as response:
        families = text_string_to_metric_families(await response.text())
    return [sample for family in families for sample in family.samples]


async def did(server, slot):
    """Requests that were the slot's to answer, and those that it could not."""
    text = await metrics(server)
    names = ("andon_asked_requests_total", "andon_failed_requests_total")
    of = {sample.name: sample.value for sample in text if sample.name in names and sample.labels["slot"] == slot}
    return tuple(of[name] for name in names)


async def until_loaded(client, version):
    while (await client.ask(f"/v2/models/m/versions/{version}/ready"))[0] != 200:
        pass


async def test_a_share_is_dealt_evenly_and_sticks_to_its_assets(tmp_path, files):
    async with serving(tmp_path, *files(linear(), linear(bias=100.0)), "--weight", "20") as server:
        client = await server.connect()
        await until_loaded(client, "2")
        versions = Counter([(await client.ask(INFER, rows([1, 1, 1])))[2]["model_version"] for _ in range(100)])
        assert versions == {"1": 80, "2": 20}
        by_header = [await client.ask(INFER, rows([1, 1, 1]), andon_asset=f"press-{i % 25}") for i in range(50)]
        told = [(headers["andon-revision"][:1], answer["model_version"]) for _, headers, answer in by_header]
        assert told[:25] == told[25:]
        assert {signed == said for signed, said in told} == {True}
        assert {said for _, said in told} == {"1", "2"}
        by_parameter = [await client.ask(INFER, rows([1, 1, 1]) | {"parameters": {"asset": f"press-{i}"}}) for i in range(25)]
        assert [answer["model_version"] for _, _, answer in by_parameter] == [said for _, said in told[:25]]


async def test_what_the_candidate_cannot_answer_the_stable_does(tmp_path, files):
    async with serving(tmp_path, *files(linear(), picky()), "--weight", "100") as server:
        client = await server.connect()
        await until_loaded(client, "2")
        assert (await client.ask(INFER, rows([1, 1, 1])))[2]["model_version"] == "2"
        status, headers, answer = await client.ask(INFER, rows([7, 1, 1]))
        assert (status, headers["andon-revision"][0], answer["outputs"][0]["data"]) == (200, "1", [9.0])
        status, _, answer = await client.ask("/v2/models/m/versions/2/infer", rows([7, 1, 1]))
        assert status == 400, "a version asked for by its number is answered for by nobody else"
        assert "version 2 cannot answer this" in answer["error"]
        assert (await did(server, "candidate"), await did(server, "stable")) == ((2, 1), (1, 0))


async def test_what_neither_can_answer_speaks_against_neither(tmp_path, files):
    async with serving(tmp_path, *files(picky(), picky()), "--weight", "100") as server:
        client = await server.connect()
        await until_loaded(client, "2")
        assert (await client.ask(INFER, rows([7, 1, 1])))[0] == 400
        assert (await did(server, "candidate"), await did(server, "stable")) == ((0, 0), (0, 0))
