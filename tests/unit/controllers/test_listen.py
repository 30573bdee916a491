"""`andon operator` with what cannot be used: one line and exit code 2."""

import logging
import socket

import pytest

from andon.controllers.main import main

CONFIG = "prometheus: {url: http://127.0.0.1:1}\nmlflow: {url: http://127.0.0.1:1}\ncacheDir: %s\n"


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "andon.yaml"
    path.write_text(CONFIG % tmp_path)
    return path


@pytest.mark.parametrize(
    ("listen", "says"),
    [
        pytest.param("127.0.0.1:70000", "Give another HOST:PORT", id="no port"),
        pytest.param("127.0.0.1:http", "Give another HOST:PORT", id="no number"),
        pytest.param("here", "Give another HOST:PORT", id="no address"),
        pytest.param("203.0.113.1:8081", "Give another HOST:PORT", id="not this machine's"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_line(config, caplog, listen, says):
    with caplog.at_level(logging.ERROR):
        assert main(["--config", str(config), "--listen", listen]) == 2
    (record,) = caplog.records
    assert listen in record.message
    assert says in record.message
    assert record.exc_info is None


def test_a_port_that_is_taken_is_one_line(config, caplog):
    with socket.create_server(("127.0.0.1", 0)) as taken, caplog.at_level(logging.ERROR):
        port = taken.getsockname()[1]
        assert main(["--config", str(config), "--listen", f"127.0.0.1:{port}"]) == 2
    assert "address already in use" in caplog.text


def test_election_needs_to_know_its_namespace(config, caplog, monkeypatch):
    monkeypatch.delenv("ANDON_NAMESPACE", raising=False)
    config.write_text(config.read_text() + "leaderElection: {enabled: true}\n")
    with caplog.at_level(logging.ERROR):
        assert main(["--config", str(config), "--listen", "127.0.0.1:0"]) == 2
    assert "leaderElection: set ANDON_NAMESPACE" in caplog.text
