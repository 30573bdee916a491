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
