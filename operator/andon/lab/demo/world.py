"""What the narrator can see and do: kubectl, a clone of the plant's repository, the plant's controls, the lab's processes."""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from andon.api.types import seconds
from andon.lab.git import git
from andon.lab.plant.control import send
from andon.lab.signing import SigningKey
from andon.lab.state import State, folder_of
from andon.lab.toolchain import binary

if TYPE_CHECKING:
    from andon.runtime.train.config import TrainConfig

NAMESPACE: Final = "plant-a"
NAME: Final = "product-e"
SOURCE: Final = "reactor"
KINDS: Final = ("datasource", "trainingpipeline", "modeldeployment", "driftpolicy")
_OBJECTS: Final = {"datasource": SOURCE}
_ANDON: Final = "Andon"
_PERSON: Final = ("-c", "user.name=Process Engineer", "-c", "user.email=engineer@plant.example")


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of the plant's repository."""

    hash: str
    author: str
    subject: str
    trailers: dict[str, str]
    lines: int


class _Log:
    """The server's log of predictions as far as it was read. which: added to the query."""

    def __init__(self, which: str) -> None:
        self._which, self._cursor = which, 0
        self._rows: list[dict[str, Any]] = []

    def later_than(self, after: datetime, server: str) -> list[dict[str, Any]]:
        """Reads on; the rows later than this."""
        while (page := _get(f"{server}/predictions?cursor={self._cursor}&limit=1000{self._which}"))["predictions"]:
            self._rows += page["predictions"]
            self._cursor = page["next"]
        return [row for row in self._rows if row["time"] > after.timestamp() * 1000]


class World:
    """A lab that is up, seen from outside as a user would."""

    def __init__(self, lab: str) -> None:
        """Raises LookupError when there is no such lab."""
        self.lab, self.folder = lab, folder_of(lab)
        state = State.read(self.folder)
        if state is None:
            raise LookupError(f"there is no lab {lab}")
        self._rows = {row.name: row for row in state.components}
        self._kubeconfig = state.kubeconfig
        self._clone = self.folder / "clone"
        self._answered, self._scored = _Log(""), _Log("&slots=all")

    # Kubernetes

    def kubectl(self, *args: str) -> str:
        """What kubectl prints, complaints included."""
        ran = subprocess.run(
            [str(binary("kubectl")), "-n", NAMESPACE, *args],
            env={**os.environ, "KUBECONFIG": self._kubeconfig},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return ran.stdout + ran.stderr

    def read(self, kind: str, name: str | None = None) -> dict[str, Any]:
        """An object as the API server has it; empty when it is not there."""
        said = self.kubectl("get", kind, name or _OBJECTS.get(kind, NAME), "-o", "json")
        found: dict[str, Any] = json.loads(said) if said.startswith("{") else {}
        return found

    def secret(self, name: str) -> dict[str, str]:
        """What a Secret holds."""
        return {key: base64.b64decode(value).decode() for key, value in self.read("secret", name)["data"].items()}

    def condition(self, kind: str, type_: str = "Ready") -> str:
        """Status and reason of a condition, as `True/Serving`; empty when it is not there."""
        conditions = self.read(kind).get("status", {}).get("conditions", ())
        return next((f"{c['status']}/{c['reason']}" for c in conditions if c["type"] == type_), "")

    def explain(self, decision: str, *options: str) -> str:
        """What `andon explain` prints, complaints included."""
        command = (sys.executable, "-m", "andon.cli", "explain", decision, "--namespace", NAMESPACE, *options)
        known = {"KUBECONFIG": self._kubeconfig, "ANDON_PROMETHEUS": self._rows["prometheus"].address}
        ran = subprocess.run(command, env={**os.environ, **known}, capture_output=True, text=True, timeout=120, check=False)
        return ran.stdout + ran.stderr

    def ready(self, kind: str) -> bool:
        """Whether the kind's object of this plant is Ready as of its newest spec."""
        found = self.read(kind)
        generation = found.get("metadata", {}).get("generation")
        current = found.get("status", {}).get("observedGeneration") == generation
        return current and self.condition(kind).startswith("True/")

    def interval(self) -> float:
        """Seconds between two looks of the policy."""
        return seconds(self.read("driftpolicy")["spec"]["interval"])

    def acks(self) -> list[dict[str, Any]]:
        """What the servers acknowledge."""
        data = self.read("configmap", f"{NAME}-acks").get("data", {})
        return [json.loads(text) for text in data.values()]

    # What is served

    def predictions(self, after: datetime) -> list[dict[str, Any]]:
        """What consumers got of rows later than this, oldest first."""
        return self._answered.later_than(after, self._server())

    def scored(self, after: datetime) -> list[dict[str, Any]]:
        """The same and what other slots answered in shadow."""
        return self._scored.later_than(after, self._server())

    def _server(self) -> str:
        return f"http://{self.read('service', f'{NAME}-serve')['spec']['clusterIP']}:8080"

    def training(self) -> "TrainConfig":
        """What the pipeline orders of training."""
        from andon.runtime.train.config import read

        configs = json.loads(self.kubectl("get", "configmaps", "-l", "andon.dev/kind=TrainingPipeline", "-o", "json"))["items"]
        path = self.scratch("training") / "train.json"
        path.write_text(next(c["data"]["train.json"] for c in configs if "train.json" in c.get("data", {})), encoding="utf-8")
        return read(path)

    # Git

    def commit_version(self, version: str, why: str) -> None:
        """What a person does: edit one line, commit, push."""
        self.pull()
        path = self._clone / NAMESPACE / f"{NAME}.yaml"
        edited = re.sub(r'(version: )"[0-9]+"', rf'\1"{version}"', path.read_text(encoding="utf-8"))
        path.write_text(edited, encoding="utf-8")
        git(self._clone, *_PERSON, "commit", "--quiet", "--all", "--message", why)
        git(self._clone, "push", "--quiet")

    def pull(self) -> str:
        """The newest state of the repository; the hash of its tip."""
        if not self._clone.exists():
            git(self.folder, "clone", "--quiet", self._rows["syncer"].address, str(self._clone))
        git(self._clone, "pull", "--quiet", "--ff-only")
        return git(self._clone, "rev-parse", "HEAD").strip()

    def commits(self, since: str) -> list[Commit]:
        """Andon's commits after this one, oldest first."""
        self.pull()
        hashes = git(self._clone, "rev-list", "--reverse", f"{since}..HEAD").split()
        found = [self._commit(one) for one in hashes]
        return [commit for commit in found if commit.author == _ANDON]

    def log_p(self, commit: str) -> str:
        """`git log -p` of one commit."""
        return git(self._clone, "log", "-p", "-1", commit)

    def signature(self, commit: str) -> str | None:
        """What git says of a commit's signature, by the key that the platform team has; None where nothing is signed here."""
        key = SigningKey(self.folder)
        if not key.possible:
            return None
        allowed = ("-c", f"gpg.ssh.allowedSignersFile={key.signers}")
        return git(self._clone, *allowed, "log", "-1", "--show-signature", "--format=%G? %GS", commit).strip()

    def committed_at(self, commit: str) -> str:
        """When a commit was made, ISO 8601."""
        return git(self._clone, "log", "-1", "--format=%cI", commit).strip()

    def _commit(self, one: str) -> Commit:
        author, subject = git(self._clone, "log", "-1", "--format=%an%n%s", one).splitlines()
        trailers = git(self._clone, "log", "-1", "--format=%(trailers:only,unfold)", one).splitlines()
        added = git(self._clone, "show", "--numstat", "--format=", one).split()
        return Commit(one, author, subject, dict(t.split(": ", 1) for t in trailers if ": " in t), sum(map(int, added[0::3])))

    def synced(self) -> str:
        """The commit that the syncer has applied last."""
        status: dict[str, Any] = json.loads((self.folder / "syncer" / "status.json").read_text(encoding="utf-8"))
        return str(status.get("commit", ""))

    # The plant and the lab's processes

    def plant(self, **command: object) -> dict[str, Any]:
        """Command the plant, or only ask how it is."""
        return send((self.folder / "plant" / "control").read_text(encoding="utf-8").strip(), command or None)

    def landing(self) -> Path:
        """The folder that records land in."""
        return next(self.folder.glob(f"volumes/{NAMESPACE}_landing_*/{SOURCE}"))

    def registry(self) -> str:
        """Address of the model registry."""
        return self._rows["mlflow"].address

    def kill_operator(self) -> int:
        """SIGKILL to the operator's process; its pid. Raises LookupError when it does not run."""
        for pid in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208 - /proc changes while it is read
            try:
                home = Path("/proc", pid, "cwd").readlink()
                command = Path("/proc", pid, "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if home.is_relative_to(self.folder) and b"operator" in command:
                os.kill(int(pid), signal.SIGKILL)
                return int(pid)
        raise LookupError("the operator does not run")

    @contextmanager
    def without_prometheus(self) -> Iterator[None]:
        """Prometheus is frozen: it accepts connections and answers nobody."""
        pid = self._rows["prometheus"].pid
        if pid is None:
            raise LookupError("Prometheus does not run")
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def scratch(self, name: str) -> Path:
        """An empty folder of the demo's own."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder


def _get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - an address of this lab
        found: dict[str, Any] = json.load(answer)
    return found
