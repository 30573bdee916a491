"""What commands have in common: names completed from the cluster, and one line for what is wrong."""

from functools import partial

import pytest

from andon.api.exits import Exit
from integration.cli.conftest import QUARANTINE, RETRAIN, ROLLBACK
from support.documents import ONE, SINCE, status_of
from support.shell import completed

SERVED = [{**ONE.model_dump(), "since": SINCE}]


def test_names_are_completed_from_the_cluster(asking, monkeypatch, capsys):
    offered, there = partial(completed, monkeypatch, capsys), ("--kubeconfig", str(asking.plane.kubeconfig))
    here = (*there, "-n", asking.namespace)
    asking.write_status("ModelDeployment", "product-e", status_of("ModelDeployment", history=SERVED))
    assert asking.namespace in offered("get", *there, "-n", asking.namespace[:6])
    assert offered("pin", *here, "prod") == ["product-e"]
    assert offered("pin", *here, "product-e", "") == ["1"]
    assert offered("get", *here, "dsrc", "") == ["reactor"]
    assert set(offered("approve", *here, "")) == {ROLLBACK, RETRAIN, QUARANTINE}


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["approve", "d-0000000000"], id="approve"),
        pytest.param(["pin", "product-e", "1"], id="pin"),
        pytest.param(["history", "product-e"], id="history"),
        pytest.param(["suspend", "product-e"], id="suspend"),
    ],
)
def test_an_api_server_that_is_away_or_not_named_is_one_line(still, tmp_path, command):
    away = tmp_path / "kubeconfig"
    away.write_text(still.plane.kubeconfig.read_text().replace(still.plane.network.control, "127.255.255.1"))
    done = still.andon(*command, kubeconfig=away)
    assert (done.returncode, done.stderr.count("\n"), "check KUBECONFIG" in done.stderr) == (Exit.FAILED, 1, True), done.stderr
    done = still.andon(*command, kubeconfig=tmp_path / "none")
    named = f"{tmp_path}/none" in done.stderr and "set KUBECONFIG" in done.stderr
    assert (done.returncode, done.stderr.count("\n"), named) == (Exit.FAILED, 1, True), done.stderr


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("# Andon\n\n`a`: {", id="no YAML"),
        pytest.param("Andon", id="no mapping"),
        pytest.param("", id="empty"),
        pytest.param("contexts: [1]\ncurrent-context: x\n", id="an entry that is none"),
        pytest.param("clusters: 1\n", id="no list"),
        pytest.param(
            "{current-context: a, contexts: [{name: a, context: x}], users: [], clusters: []}", id="a context that is none"
        ),
    ],
)
def test_a_file_that_is_no_kubeconfig_is_named_in_one_line(tmp_path, content, still):
    file = tmp_path / "README.md"
    file.write_text(content)
    done = still.andon("get", kubeconfig=file)
    assert (done.returncode, done.stderr.count("\n"), str(file) in done.stderr) == (Exit.FAILED, 1, True), done.stderr
