"""`andon serve` as a person types it for the first time: what cannot be is said in a line, and ends it."""

import asyncio
import re
import signal
import sys
from pathlib import Path

import pytest
from onnx import load_from_string

from integration.serve.process import free_port, serving
from integration.serve.server import orders
from unit.serve.models import linear, slot

USAGE = 2


@pytest.fixture
def model(tmp_path):
    (tmp_path / "m.onnx").write_bytes(linear())
    return f"m={tmp_path / 'm.onnx'}"


async def started(*arguments):
    command = (sys.executable, "-m", "andon.cli", "serve", *map(str, arguments))
    return await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env={"PATH": "/usr/bin"}
    )


async def ended(*arguments):
    """Its exit code, and all that it said."""
    process = await started(*arguments)
    try:
        said, _ = await asyncio.wait_for(process.communicate(), 20)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, said.decode()


async def refused(*arguments):
    """What it said when it would not start; the addresses that it asks for are free."""
    code, said = await ended(*arguments, "--http", f"127.0.0.1:{free_port()}")
    assert (code, "Traceback" in said, "pydantic" in said) == (USAGE, False, False), said
    return said.strip().splitlines()[-1]


@pytest.mark.parametrize("data", ["/proc/x", "a-file"])
async def test_a_folder_that_cannot_be_had_is_named_with_its_option(model, tmp_path, data):
    (tmp_path / "a-file").write_text("x")
    assert f"--data {tmp_path / data}: " in await refused("--model", model, "--data", tmp_path / data)


async def test_two_servers_do_not_keep_their_scores_in_one_folder(model, tmp_path):
    data = tmp_path / "data"
    async with serving(tmp_path, "--model", model, "--data", data) as first:
        said = await refused("--model", model, "--data", data)
        assert f"--data {data}: another andon serve keeps its models and scores there" in said
        first.process.kill()
        await first.process.wait()
    async with serving(tmp_path, "--model", model, "--data", data):
        pass  # a server that was killed leaves no lock


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("{,", ": Invalid JSON: ", id="no JSON"),
        pytest.param(b"\xff\xfe", ": Invalid JSON: ", id="no text"),
        pytest.param('{"namespace": "a", "deployment": "b", "stable": null, "wieght": 1}', ": wieght: ", id="a field mistyped"),
        pytest.param(None, " cannot be read: No such file or directory; write orders into it first", id="no file"),
    ],
)
async def test_orders_that_are_none_are_named(tmp_path, text, says):
    file = tmp_path / "slots.json"
    if text:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert f"--slots {file}{says}" in await refused("--slots", file, "--data", tmp_path / "data")


def of_another_time(field):
    made = load_from_string(linear())
    if field == "opset":
        made.opset_import[0].version = 99
    else:
        made.ir_version = 99
    return made.SerializeToString()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"hello\n", "Protobuf parsing failed", id="a text"),
        pytest.param(b"", "No graph was found", id="an empty file"),
        pytest.param(of_another_time("opset"), "ONNX Runtime only .* till opset", id="an opset of tomorrow"),
        pytest.param(of_another_time("ir"), "Unsupported model IR version: 99", id="a format of tomorrow"),
    ],
)
async def test_a_file_that_is_no_model_ends_the_server_that_has_nothing_else(tmp_path, content, says):
    (tmp_path / "m.onnx").write_bytes(content)
    said = await refused("--model", f"m={tmp_path / 'm.onnx'}")
    assert re.search(rf"ERROR ONNX Runtime cannot load it: {says}.*{tmp_path / 'm.onnx'}", said), said
    assert "models/" not in said


async def test_a_candidate_that_does_not_fit_ends_it_likewise(model, tmp_path):
    (tmp_path / "wide.onnx").write_bytes(linear(width=4))
    assert "version 2 has (rows FP32[-1,4])" in await refused("--model", model, "--candidate", f"m={tmp_path / 'wide.onnx'}")


@pytest.mark.parametrize("library", ["numpy", "uvloop", "onnxruntime"])
async def test_ctrl_c_while_it_is_still_being_imported_is_quiet(model, library):
    process = await started("--model", model, "--http", f"127.0.0.1:{free_port()}")
    async with asyncio.timeout(20):
        while library not in Path(f"/proc/{process.pid}/maps").read_text():  # noqa: ASYNC110, ASYNC240 - the kernel tells nobody
            await asyncio.sleep(0)
    process.send_signal(signal.SIGINT)
    said, _ = await asyncio.wait_for(process.communicate(), 20)
    assert b"Traceback" not in said, said.decode()
    assert process.returncode in {0, 130}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(
            ["--tls-cert", "nope.crt", "--tls-key", "nope.key"], "nope.crt: No such file or directory", id="certificate"
        ),
        pytest.param(["--token-file", "nope"], "nope: No such file or directory", id="token"),
        pytest.param(["--threads", "0"], "'0' is not a whole number from 1 to 64", id="threads"),
        pytest.param(["--weight", "20"], "--weight needs --candidate", id="a weight of nothing"),
        pytest.param(["--http", "192.0.2.1:80"], "192.0.2.1:80 cannot be listened at: Cannot assign", id="another's address"),
    ],
)
async def test_an_option_that_cannot_be_is_answered_in_a_line(model, arguments, says):
    code, said = await ended("--model", model, "--http", f"127.0.0.1:{free_port()}", *arguments)
    assert (code, says in said, said.count(says.split(":")[0])) == (USAGE, True, 1), said


async def test_a_certificate_without_its_key_is_told_in_words(model, tmp_path):
    (tmp_path / "tls.crt").write_text("x")
    (tmp_path / "tls.key").write_text("x")
    said = await refused("--model", model, "--tls-cert", tmp_path / "tls.crt", "--tls-key", tmp_path / "tls.key")
    assert f"{tmp_path / 'tls.crt'} and {tmp_path / 'tls.key'} are no certificate with its key" in said


async def test_a_port_that_another_has_is_said_alike_of_both_protocols(model, tmp_path):
    async with serving(tmp_path, "--model", model) as first:
        for option in ("--http", "--grpc"):
            port = first.port if option == "--http" else first.grpc
            free = ("--grpc" if option == "--http" else "--http", f"127.0.0.1:{free_port()}")
            code, said = await ended("--model", model, *free, option, f"127.0.0.1:{port}")
            assert (code, f"127.0.0.1:{port} cannot be listened at: Address already in use\n" in said) == (USAGE, True), said
            assert "GRPC_VERBOSITY" not in said


async def test_orders_that_go_bad_are_named_and_the_last_hold(server, tmp_path):
    server.order(slot(tmp_path, "1", linear()))
    await server.start()
    await server.until(lambda: server.infer([1, 1, 1]), lambda seen: seen[0] == 200)
    server.slots.write_text('{"wieght": 20}')
    await said(server, f"{server.slots}: namespace: Field required (and 3 more); the last orders hold")
    server.slots.unlink()
    await said(server, f"{server.slots} is not there; the last orders hold")
    server.slots.write_text(orders(slot(tmp_path, "1", linear())).replace("plant-a", "plant-b"))
    await said(server, f"{server.slots}: these orders are for plant-b/product-e, this server is plant-a/product-e")
    assert (await server.infer([1, 1, 1]))[0] == 200


async def said(server, text):
    await server.until(lambda: asyncio.to_thread(server.log), lambda log: text in log)
