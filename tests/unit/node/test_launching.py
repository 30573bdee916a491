"""A container as a command line: what the pod says is handed over, what the machine says is not."""

from pathlib import Path
from typing import Any, cast

from andon.lab.node.images import Image
from andon.lab.node.launching import Launching

POD: Any = {
    "metadata": {"name": "web", "namespace": "plant", "uid": "u"},
    "spec": {"nodeName": "edge-1"},
    "status": {"podIP": "127.1.0.9", "podIPs": [{"ip": "127.1.0.9"}]},
}


async def test_a_program_below_a_mount_path_is_still_that_program(tmp_path: Path):
    images = {"tool": Image(("/srv/clone/bin/python", "-m", "tool"))}
    container = {
        "name": "web",
        "image": "tool",
        "args": ["--out", "/srv/out"],
        "volumeMounts": [{"name": "tmp", "mountPath": "/srv"}],
    }
    volume = tmp_path / "volumes" / "tmp"
    launch = await Launching(cast("Any", None), images, POD, tmp_path).launch(container, {"tmp": volume}, {})
    assert launch.argv == ["/srv/clone/bin/python", "-m", "tool", "--out", str(volume / "out")]


async def test_a_variable_may_name_a_folder_that_only_holds_mounts(tmp_path: Path):
    container = {
        "name": "web",
        "image": "tool",
        "env": [{"name": "SECRETS", "value": "/etc/tool/secrets"}, {"name": "OTHER", "value": "/etc/tool"}],
        "volumeMounts": [{"name": "line", "mountPath": "/etc/tool/secrets/line"}],
    }
    volume = tmp_path / "volumes" / "line"
    volume.mkdir(parents=True)
    (volume / "url").write_text("mqtt://line")
    images = {"tool": Image(("/bin/tool",))}
    launching = Launching(cast("Any", None), images, POD, tmp_path)
    for _ in range(2):  # and again after a restart
        launch = await launching.launch(container, {"line": volume}, {})
    assert (Path(launch.env["SECRETS"]) / "line" / "url").read_text() == "mqtt://line"
    assert (Path(launch.env["OTHER"]) / "secrets" / "line" / "url").read_text() == "mqtt://line"
