"""`andon get` as a user runs it, against a real API server."""

import json
import subprocess

import pytest
import yaml

from andon.api.exits import Exit
from support.documents import ROWS, SPECS


def test_everything_in_a_namespace_and_what_it_waits_for(still):
    done = still.andon("get", "-n", still.namespace)
    assert done.returncode == Exit.OK, done.stderr
    lines = done.stdout.splitlines()
    headings = [line for line in lines if line and " " not in line]
    assert headings == ["DataSource", "TrainingPipeline", "ModelDeployment", "DriftPolicy"]
    (waiting,) = [line for line in lines if ROWS in line]
    assert waiting.split()[:8] == ["product-e", "False", "2", "1", "Weight", "20%", "Healthy", "CandidateJudged"]


def test_nothing_is_cut_in_a_pipe_however_narrow_the_terminal_is(still):
    with still.process("get", "mdep", "-o", "wide", stdout=subprocess.PIPE, text=True) as process:
        said, _ = process.communicate(timeout=30)
    assert ROWS in said
    assert "sha256:" + "1" * 64 in said
    assert "\x1b" not in said


def test_one_object_as_a_document(still):
    asked = ("get", "modeldeployment", "product-e", "-n", still.namespace, "-o")
    document = json.loads(still.andon(*asked, "json").stdout)
    assert document["spec"]["model"] == SPECS["ModelDeployment"]["model"]
    assert (document["kind"], document["status"]["candidate"]["progress"]) == ("ModelDeployment", "2/4")
    assert "managedFields" not in document["metadata"]
    assert yaml.safe_load(still.andon(*asked, "yaml").stdout) == document


def test_several_are_a_list_that_kubectl_takes(still):
    listed = still.andon("get", "-n", still.namespace, "-o", "json").stdout
    applied = still.plane.kubectl("apply", "--dry-run=server", "--server-side", "--force-conflicts", "-f", "-", stdin=listed)
    assert len(applied.splitlines()) == 4


def test_names_for_other_commands(still):
    named = still.andon("get", "-n", still.namespace, "-o", "name").stdout.split()
    assert len(still.kubectl("get", *named, "-o", "name").split()) == 4


def test_all_namespaces_say_which(still):
    done = still.andon("get", "dsrc", "-A")
    assert any(line.split()[:2] == [still.namespace, "reactor"] for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["pod"], Exit.USAGE, "'pod' is none of Andon's kinds: datasource (dsrc)", id="kind"),
        pytest.param(["mdep", "nobody"], Exit.FAILED, "there is no modeldeployment nobody in namespace", id="name"),
        pytest.param(["mdep", "product-e", "-A"], Exit.USAGE, "give -n NAMESPACE instead", id="a name everywhere"),
    ],
)
def test_what_a_user_got_wrong_is_named(still, arguments, code, said):
    done = still.andon("get", *arguments, "-n", still.namespace)
    assert (done.returncode, said in " ".join(done.stderr.split())) == (code, True), done.stderr


def test_a_namespace_with_nothing_is_said_to_be_so(still):
    done = still.andon("get", "-n", "default")
    assert (done.returncode, done.stdout, done.stderr) == (Exit.OK, "", "nothing of Andon's in namespace default\n")


def test_who_may_not_read_is_told_what(still):
    done = still.andon("get", "-n", still.namespace, kubeconfig=still.plane.identity("stranger", "stranger"))
    assert done.returncode == Exit.FAILED
    assert f"does not let you read datasources in namespace {still.namespace} (403)" in done.stderr


def test_an_api_server_that_is_away_is_one_line(still, tmp_path):
    away = tmp_path / "kubeconfig"
    away.write_text(still.plane.kubeconfig.read_text().replace(still.plane.network.control, "127.255.255.1"))
    done = still.andon("get", kubeconfig=away)
    assert done.returncode == Exit.FAILED
    assert "the API server cannot be asked for datasources in" in done.stderr
    assert len(done.stderr.splitlines()) == 1
