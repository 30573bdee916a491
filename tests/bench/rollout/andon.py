"""Andon on the lab's plant: a version is committed, judged on the plant's rows, and taken back or not.

Seen as a user would, through git, kubectl and the server's log of predictions.
"""

import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml

from andon.api.types import seconds
from andon.lab.demo.world import NAME, NAMESPACE, World
from andon.lab.lab import CLONE, SPECS
from andon.lab.mistake import train_in_wrong_unit
from andon.lab.specs import WRITTEN_FOR
from andon.lab.successor import train_again
from andon.lab.toolchain import binary

T = TypeVar("T")

WEIGHT: Final = 20
MIN_ROWS: Final = 40
"""What the policy asks for before it says anything of a candidate; a conviction takes five blocks of 20 rows at least."""
INTERVAL: Final = "1s"
"""How often the policy looks: near its fastest, as Flagger is given its own."""
_LOOK: Final = 0.1
_STEPS: Final = re.compile(r"rollout: \{steps: .*\}\n")
_POLICY: Final = re.compile(r"interval: .*\n  evidence: \{.*\n")


class LateError(Exception):
    """What had to happen did not in time."""


def specs(folder: Path) -> Path:
    """The demo's, but that a version has its share at once and until a person says more, and that rollbacks are not rationed."""
    shutil.copytree(SPECS, folder, dirs_exist_ok=True)
    path = folder / NAMESPACE / f"{NAME}.yaml"
    text, steps = _STEPS.subn(f"rollout: {{steps: [{{weight: {WEIGHT}, minRows: 100}}, {{approval: {{}}}}]}}\n", path.read_text())
    evidence = f"evidence: {{minRows: {MIN_ROWS}}}\n"
    unrationed = f"interval: {INTERVAL}\n  cooldown: 1s\n  budget: {{rollbacks: {{max: 100, per: 1d}}}}\n  {evidence}"
    text, policies = _POLICY.subn(unrationed, text)
    if (steps, policies) != (1, 1):
        raise ValueError(f"{path} is not as this bench knows it: {steps} rollouts, {policies} policies")
    path.write_text(text)
    return folder


@dataclass(frozen=True, slots=True)
class Reverted:
    """How a bad version ended. first: the first row that it scored. Times in seconds since the epoch."""

    first: float
    reverted: float
    bad_rows: int
    rows: int
    summary: str


class Andon:
    """The deployment of a lab whose operator asks the Prometheus of this address."""

    def __init__(self, lab: str, kubeconfig: str) -> None:
        self.world, self._kubeconfig = World(lab), kubeconfig

    def ask_prometheus_at(self, url: str) -> None:
        """The operator, from now on: what a platform team does to its chart."""
        argv = [str(binary("helm")), "upgrade", "andon", str(CLONE / "charts/andon"), "--namespace", "andon-system"]
        options = ["--reuse-values", "--set", f"config.prometheus.url={url}", "--wait", "--timeout", "110s"]
        home = {"KUBECONFIG": self._kubeconfig, "HOME": str(self.world.folder / "helm")}
        ran = subprocess.run([*argv, *options], env=home, capture_output=True, text=True, timeout=150, check=False)
        if ran.returncode != 0:
            raise RuntimeError(f"helm: {ran.stderr.strip()}")

    def serving(self) -> None:
        """Version 1 is trained, serves, and is found healthy."""
        _until("version 1 serves", lambda: self.world.ready("modeldeployment") or None, 420)
        _until("the policy finds it healthy", lambda: self.verdict() == "Healthy" or None, 120)

    def bad_version(self, tag: str) -> str:
        """One that was trained with this tag in another unit, registered."""
        config = self.world.training()
        return str(train_in_wrong_unit(config, self.world.landing(), self.world.registry(), tag, say=_silent).version)

    def good_version(self) -> str:
        """One that was trained as the first was, on more rows, registered."""
        world = self.world
        return str(train_again(world.training(), world.landing(), world.registry(), datetime.now(UTC), say=_silent).version)

    def judge(self, version: str) -> datetime:
        """Commit it; once the server has it as its candidate, when that was."""
        began = datetime.now(UTC)
        self.world.commit_version(version, f"Serve version {version}")
        _until(f"version {version} is candidate", lambda: self.is_candidate(version) or None, 90)
        return began

    def taken_back(self, version: str, since: datetime) -> Reverted:
        """How it went with a version that had to be. Raises LateError when it was not."""
        decision = _until(f"version {version} is convicted", lambda: self.rolled_back(version), 180)
        ack = _until("the server has gone back", lambda: self._gone_back(version), 30)
        _until("git says so too", lambda: self.world.ready("modeldeployment") or None, 120)
        reverted = datetime.fromisoformat(ack["since"]).timestamp()
        scored = [row for row in self.world.scored(since) if row["version"] == version]
        served = sum(1 for row in self.world.predictions(since) if row["version"] == version)
        return Reverted(scored[0]["time"] / 1000, reverted, served, len(scored), decision["summary"])

    def is_candidate(self, version: str) -> bool:
        """By what the servers acknowledge."""
        return [(ack.get("candidate") or {}).get("version") for ack in self.world.acks()] == [version]

    def rolled_back(self, version: str) -> dict[str, Any] | None:
        """The decision, if there is one."""
        decisions = self.world.read("driftpolicy").get("status", {}).get("decisions", ())
        return next((d for d in decisions if d["action"] == "Rollback" and d["from"]["version"] == version), None)

    def verdict(self) -> str:
        """The policy's."""
        return str(self.world.read("driftpolicy").get("status", {}).get("verdict", ""))

    def _gone_back(self, version: str) -> dict[str, Any] | None:
        acks = self.world.acks()
        back = all((a.get("candidate") or {}).get("version") != version and a["stable"]["version"] != version for a in acks)
        return acks[0] if acks and back else None


def _until(what: str, look: Callable[[], T | None], within: float) -> T:
    deadline = time.monotonic() + within
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise LateError(f"{what}: not within {within:.0f} s")
        time.sleep(_LOOK)
    return found


def _silent(line: str) -> None:
    """Progress of training is not this bench's."""
    del line


def rate(speed: float) -> float:
    """Rows a second, by the specs' own clock, of a plant at this speed."""
    documents = yaml.safe_load_all((SPECS / NAMESPACE / f"{NAME}.yaml").read_text())
    deployment = next(document for document in documents if document["kind"] == "ModelDeployment")
    return speed / WRITTEN_FOR / seconds(deployment["spec"]["inputs"]["every"])
