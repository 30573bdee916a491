"""Settings: what is wrong with them is said by name, and a changed file is seen, a swapped symlink too."""

import asyncio
import json
import os

import pytest

from andon.runtime.collect import settings
from andon.runtime.collect.settings import BadSettingsError, Settings, from_environment, read

ENVIRONMENT = {
    "ANDON_NAMESPACE": "plant-a",
    "ANDON_NAME": "reactor",
    "ANDON_LISTEN": "127.0.0.1:8080",
    "ANDON_DATA": "/data",
    "ANDON_LANDING": "/landing",
    "ANDON_CONFIG": "/config.json",
}
SPEC = {
    "asset": "reactor-1",
    "opcua": {"endpoint": "opc.tcp://plant:4840"},
    "tags": [{"name": "a", "node": "nsu=urn:plant:tep;s=A"}],
    "landing": {"uri": "pvc://landing/reactor"},
}


def test_a_whole_environment():
    found = from_environment(ENVIRONMENT)
    assert isinstance(found, Settings)
    assert (found.host, found.port) == ("127.0.0.1", 8080)


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_a_missing_variable_is_named(name):
    with pytest.raises(BadSettingsError, match=f"{name} is not set"):
        from_environment({k: v for k, v in ENVIRONMENT.items() if k != name})


@pytest.mark.parametrize("listen", ["8080", "host:", ":8080", "host:x", "host:70000"])
def test_a_bad_address_is_named(listen):
    with pytest.raises(BadSettingsError, match="ANDON_LISTEN=.* is not HOST:PORT"):
        from_environment(ENVIRONMENT | {"ANDON_LISTEN": listen})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", r"config.json: Invalid JSON"),
        (json.dumps({"spec": SPEC | {"asset": ""}}), "spec.asset: "),
        (json.dumps({"spec": SPEC | {"tags": [{"name": "a", "node": "ns=2;s=A"}]}}), r"spec.tags\[0\].node: "),
    ],
)
def test_a_bad_file_is_named_with_its_field(tmp_path, content, says):
    path = tmp_path / "config.json"
    path.write_text(content)
    with pytest.raises(BadSettingsError, match=says) as error:
        read(path)
    assert str(path) in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadSettingsError, match=r"ANDON_CONFIG: cannot read .*away.json: No such file"):
        read(tmp_path / "away.json")


async def test_a_swapped_symlink_is_seen(tmp_path, monkeypatch):
    """As the kubelet does: ..data points to a folder, is made anew beside it and renamed over it."""
    monkeypatch.setattr(settings, "LOOK_EVERY_S", 0.01)
    for name, asset in (("one", "reactor-1"), ("two", "reactor-2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps({"spec": SPEC | {"asset": asset}}))
    (tmp_path / "..data").symlink_to("one")
    (tmp_path / "config.json").symlink_to("..data/config.json")
    mark = settings.mark(tmp_path / "config.json")
    watching = asyncio.create_task(settings.changed(tmp_path / "config.json", mark))
    await asyncio.sleep(0.05)
    assert not watching.done()
    (tmp_path / "..new").symlink_to("two")
    os.replace(tmp_path / "..new", tmp_path / "..data")  # noqa: PTH105
    assert await asyncio.wait_for(watching, 2) != mark
    assert read(tmp_path / "config.json").spec.asset == "reactor-2"
