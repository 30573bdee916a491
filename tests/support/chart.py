"""The objects of the chart, as the real Helm renders them with the values of its ci/ folder."""

import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from andon.lab.toolchain import binary

CHART = Path(__file__).resolve().parents[2] / "charts" / "andon"
NAMESPACE = "andon-system"


def rendered(home: Path, *kinds: str) -> list[dict[str, Any]]:
    """Those of these kinds. home: a folder for what Helm writes."""
    command = [binary("helm"), "template", "andon", str(CHART), "-n", NAMESPACE, "-f", str(CHART / "ci" / "lab-values.yaml")]
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=30)
    return [document for document in yaml.safe_load_all(done.stdout) if document and document["kind"] in kinds]
