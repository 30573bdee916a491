"""A real MLflow server says what a version is; whatever keeps it from saying so is a fact of its own."""

import asyncio
import hashlib
import sys
from dataclasses import replace
from ipaddress import ip_address
from urllib.parse import urlsplit

import pytest
import requests

from andon.api.config import Mlflow
from andon.api.quarantine import Conviction
from andon.api.slots import SlotModel
from andon.ports import firstsight
from andon.ports.missing import Missing
from andon.ports.registry import MlflowRegistry
from support.odd import answering, nobody, silent
from unit.serve.models import linear

pytestmark = pytest.mark.timeout(120)

DIGEST = "sha256:" + "a" * 64
PROFILE = "sha256:" + "b" * 64
GOLDEN = "sha256:" + "c" * 64


class Trained:
    """A registered model as training leaves it, made by plain HTTP."""

    def __init__(self, uri, name):
        self.uri, self.name = uri, name
        self.post("registered-models/create", name=name)
        self.experiment = self.post("experiments/create", name=name)["experiment_id"]

    def post(self, path, **body):
        answer = requests.post(f"{self.uri}/api/2.0/mlflow/{path}", json=body, timeout=20)
        assert answer.ok, answer.text
        return answer.json()

    def version(self, source=None, **tags):
        run = self.post("runs/create", experiment_id=self.experiment)["run"]["info"]
        made = self.post(
            "model-versions/create",
            name=self.name,
            source=source or run["artifact_uri"],
            run_id=run["run_id"],
            tags=[{"key": f"andon.{key.replace('_', '-')}", "value": value} for key, value in tags.items()],
        )
        return made["model_version"]["version"], run


def round_trip(url, content):
    requests.put(url, data=content, timeout=10).raise_for_status()
    return requests.get(url, timeout=10).content


@pytest.fixture
def registry(mlflow_uri):
    registry = MlflowRegistry(Mlflow(url=mlflow_uri))
    yield registry
    registry.close()


@pytest.fixture
def trained(mlflow_uri, request):
    return Trained(mlflow_uri, request.node.name[:100].replace("[", "-").replace("]", "-").replace(" ", "-"))


async def test_a_version_is_its_content_and_its_files(registry, trained, mlflow_uri):
    version, run = trained.version(digest=DIGEST, profile_digest=PROFILE, golden_digest=GOLDEN)
    files = f"{mlflow_uri}/api/2.0/mlflow-artifacts/artifacts/{trained.experiment}/{run['run_id']}/artifacts"
    assert await registry.resolve(trained.name, version) == SlotModel(
        name=trained.name,
        version=version,
        digest=DIGEST,
        model=f"{files}/model.onnx",
        profile=f"{files}/profile.json",
        profile_digest=PROFILE,
        golden=f"{files}/golden.json",
        golden_digest=GOLDEN,
    )
    assert await asyncio.to_thread(round_trip, f"{files}/model.onnx", b"onnx") == b"onnx"


async def test_a_version_in_a_bucket_is_read_from_there(registry, trained):
    version, _ = trained.version("s3://plant-a/models/7/", digest=DIGEST)
    resolved = await registry.resolve(trained.name, version)
    assert (resolved.model, resolved.profile, resolved.golden) == ("s3://plant-a/models/7/model.onnx", None, None)


async def test_what_was_resolved_once_needs_no_registry(registry, trained):
    version, _ = trained.version(digest=DIGEST)
    resolved = await registry.resolve(trained.name, version)
    with nobody() as gone:
        registry._client = MlflowRegistry(Mlflow(url=gone))._connect()
        assert await registry.resolve(trained.name, version) == resolved
        assert (await registry.resolve(trained.name, "99")).reason == "Unreachable"


async def test_a_missing_model_is_told_from_a_missing_version(registry, trained):
    no_model, no_version = await registry.resolve("nobody-trained-it", "1"), await registry.resolve(trained.name, "7")
    assert (no_model.reason, "no registered model nobody-trained-it" in no_model.detail) == ("NotFound", True)
    assert (no_version.reason, "no version 7" in no_version.detail) == ("NotFound", True)


@pytest.mark.parametrize(
    ("source", "tags", "reason", "says"),
    [
        pytest.param("s3://b/7", {}, "NoDigest", "andon.digest", id="nobody wrote its digest down, and MLflow has no file"),
        pytest.param(None, {"digest": "md5:1"}, "Malformed", "its digest", id="a digest of another form"),
        pytest.param(None, {"digest": DIGEST, "profile_digest": "x"}, "Malformed", "profile", id="a profile digest likewise"),
        pytest.param(None, {"digest": DIGEST, "golden_digest": "x"}, "Malformed", "golden", id="a golden digest too"),
        pytest.param("dbfs:/models/7", {"digest": DIGEST}, "Malformed", "dbfs:/models/7", id="files where nothing reads"),
    ],
)
async def test_a_version_that_cannot_be_served_says_what_it_lacks(registry, trained, source, tags, reason, says):
    version, _ = trained.version(source, **tags)
    missing = await registry.resolve(trained.name, version)
    assert isinstance(missing, Missing)
    assert missing.reason == reason
    assert says in missing.detail


async def looked_at(registry, name, version):
    """What a version is, once its file has been read."""
    for _ in range(400):
        found = await registry.resolve(name, version)
        if getattr(found, "reason", "") != "DigestPending":
            return found
        await asyncio.sleep(0.05)
    pytest.fail(f"it is not known within 20 s: {found}")


async def test_a_version_that_others_registered_is_what_its_file_is_at_first_sight(registry, trained, mlflow_uri):
    version, run = trained.version()
    files = f"{mlflow_uri}/api/2.0/mlflow-artifacts/artifacts/{trained.experiment}/{run['run_id']}/artifacts"
    await asyncio.to_thread(round_trip, f"{files}/model.onnx", content := b"onnx" * 1_000_000)
    assert (await registry.resolve(trained.name, version)).reason == "DigestPending"
    resolved = await looked_at(registry, trained.name, version)
    assert (resolved.digest, resolved.model) == (f"sha256:{hashlib.sha256(content).hexdigest()}", f"{files}/model.onnx")
    await asyncio.to_thread(round_trip, f"{files}/model.onnx", b"another")
    assert await registry.resolve(trained.name, version) == resolved, "what was seen first holds"


LOGGING = """
import sys, mlflow, mlflow.onnx, onnx
_, uri, name, file = sys.argv
mlflow.set_tracking_uri(uri)
mlflow.set_experiment(name)
only = {"pip_requirements": ["onnx"], "save_as_external_data": False}
mlflow.onnx.log_model(onnx.load(file), name="m", registered_model_name=name, **only)
"""
"""In a process of its own, since the library has one address for all."""


async def test_a_version_that_was_logged_with_the_library_alone_is_found_with_its_file(registry, mlflow_uri, tmp_path):
    (tmp_path / "model.onnx").write_bytes(linear())
    arguments = (mlflow_uri, "others", tmp_path / "model.onnx")
    logging = await asyncio.create_subprocess_exec(sys.executable, "-c", LOGGING, *arguments)
    assert await asyncio.wait_for(logging.wait(), 60) == 0
    resolved = await looked_at(registry, "others", "1")
    content = (await asyncio.to_thread(requests.get, resolved.model, timeout=10)).content
    assert resolved.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"


async def test_a_version_without_a_model_file_says_so_and_is_not_read_again_at_once(registry, trained):
    version, _ = trained.version()
    missing = await looked_at(registry, trained.name, version)
    assert (missing.reason, "model.onnx" in missing.detail) == ("NotFound", True)
    assert await registry.resolve(trained.name, version) == missing


async def test_a_file_too_large_to_be_read_is_left(registry, trained, mlflow_uri, monkeypatch):
    monkeypatch.setattr(firstsight, "LARGEST_FILE", 1000)
    version, run = trained.version()
    files = f"{mlflow_uri}/api/2.0/mlflow-artifacts/artifacts/{trained.experiment}/{run['run_id']}/artifacts"
    await asyncio.to_thread(round_trip, f"{files}/model.onnx", b"x" * 1001)
    missing = await looked_at(registry, trained.name, version)
    assert (missing.reason, "larger than 1000 bytes" in missing.detail) == ("Refused", True)


async def test_a_version_is_found_by_what_it_was_trained_from(registry, trained):
    trained.version(spec="f0")
    first, _ = trained.version(spec="f1")
    trained.version(spec="f1")
    assert await registry.find_version(trained.name, "f1") == first
    assert (await registry.find_version(trained.name, "f2")).reason == "NotFound"


async def test_a_tag_is_written_where_training_and_people_read_it(registry, trained):
    version, _ = trained.version()
    assert await registry.tag(trained.name, version, "andon.digest", DIGEST) is None
    assert (await registry.resolve(trained.name, version)).digest == DIGEST
    assert (await registry.tag(trained.name, "99", "andon.digest", DIGEST)).reason == "NotFound"


async def test_a_host_that_the_server_does_not_allow_is_refused_not_missing(mlflow_uri):
    host = urlsplit(mlflow_uri).hostname
    by_number = mlflow_uri.replace(host, str(int(ip_address(host))))
    missing = await MlflowRegistry(Mlflow(url=by_number)).resolve("e", "1")
    assert missing.reason == "Refused"
    assert "403" in missing.detail
    assert "allowed hosts" in missing.detail


async def test_weather_on_the_way_to_the_registry():
    with nobody() as address:
        away = await MlflowRegistry(Mlflow(url=address.replace("//", "//andon:s3cret@"))).resolve("e", "1")
    with silent() as address:
        slow = await MlflowRegistry(Mlflow(url=address, timeout="500ms")).resolve("e", "1")
    async with answering(503, b'{"error_code": "TEMPORARILY_UNAVAILABLE", "message": "later"}') as (address, seen):
        ill = await MlflowRegistry(Mlflow(url=address)).resolve("e", "1")
    assert (away.reason, slow.reason, ill.reason) == ("Unreachable", "Timeout", "ServerError")
    assert "s3cret" not in away.detail
    assert len(seen) == 1


async def test_an_alias_is_the_version_it_names_and_is_not_asked_for_all_the_time(registry, trained, monkeypatch):
    first, _ = trained.version(digest=DIGEST)
    second, _ = trained.version(digest=DIGEST)
    await asyncio.to_thread(trained.post, "registered-models/alias", name=trained.name, alias="champion", version=first)
    assert await registry.aliased(trained.name, "champion") == first
    await asyncio.to_thread(trained.post, "registered-models/alias", name=trained.name, alias="champion", version=second)
    assert await registry.aliased(trained.name, "champion") == first, "as it was half a minute ago at most"
    monkeypatch.setattr(registry, "_aliased", {})
    assert await registry.aliased(trained.name, "champion") == second


async def test_an_alias_that_names_nothing_is_told_from_a_model_that_is_not_there(registry, trained):
    no_alias, no_model = await registry.aliased(trained.name, "champion"), await registry.aliased("nobody-trained-it", "champion")
    assert (no_alias.reason, "no alias champion" in no_alias.detail) == ("NotFound", True)
    assert (no_model.reason, "no registered model nobody-trained-it" in no_model.detail) == ("NotFound", True)


async def test_a_version_says_of_itself_by_whom_it_was_rolled_back(registry, trained):
    version, _ = trained.version(digest=DIGEST)
    assert await registry.convictions(trained.name, "plant-a/e") == ()
    here, there = (Conviction(version, DIGEST, "d-0123456789", whose) for whose in ("plant-a/e", "plant-b/e"))
    assert await asyncio.gather(*(registry.convict(trained.name, c) for c in (here, there, here))) == [None] * 3
    assert await registry.convictions(trained.name, "plant-a/e") == (here,)
    assert await registry.convictions(trained.name, "plant-b/e") == (there,)
    assert await registry.convictions(trained.name, "plant-a/another") == ()
    assert await registry.convictions("nobody-trained-it", "plant-a/e") == ()
    assert (await registry.convict(trained.name, replace(here, version="99"))).reason == "NotFound"
