"""A repository that a plant might have, served as the lab serves it, and decisions about what is in it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from andon.api.config import Repository
from andon.lab.git import git
from andon.ports.git.writeback import WriteBack
from andon.ports.splice import ObjectRef
from support.gitremote import served

from .outsider import PUSHED

DEPLOYMENTS: Final = 100
_OTHER_FILES: Final = 200

_MANIFEST: Final = """\
apiVersion: andon.dev/v1alpha1
kind: ModelDeployment
metadata:
  name: {name}
  namespace: plant-a
spec:
  git:
    repositoryRef: plant-a
  model:
    mlflow:
      name: quality
      version: "{version}"   # by hand
"""


class Plant:
    """bare: the server's repository. address: where it is served."""

    def __init__(self, bare: Path, address: str) -> None:
        self.bare = bare
        self._entry = Repository(name="plant-a", url=f"{address}/plant.git", path="plant-a", namespaces=["plant-a"])

    def decision(self, number: int, occasion: str = "0") -> WriteBack:
        """That a deployment is to go back from version 2 to 1; on an odd occasion, forth again."""
        old, new = ("2", "1") if int(occasion) % 2 == 0 else ("1", "2")
        return WriteBack(
            repository=self._entry,
            object=ObjectRef("andon.dev/v1alpha1", "ModelDeployment", "plant-a", f"reactor-{number}"),
            path="spec.model.mlflow.version",
            old=old,
            new=new,
            decision=f"d-{number}-{occasion}",
            override="spec.model.overrides",
            subject=f"Roll back plant-a/reactor-{number} from version {old} to {new}",
        )

    def decisions(self) -> list[str]:
        """Those in the trailers of the branch, once for each commit."""
        told = git(self.bare, "log", "--format=%(trailers:key=Andon-Decision,valueonly,separator=)", "main")
        return [line for line in told.splitlines() if line]

    def outsiders_commits(self) -> int:
        """How many there are by now."""
        return git(self.bare, "log", "--format=%s", "main").splitlines().count(PUSHED)

    @contextmanager
    def outsiders(self, count: int, every: float) -> Iterator[None]:
        """So many who push every so many seconds, as long as this lasts."""
        command = (sys.executable, "-m", "tests.bench.git.outsider", self._entry.url)
        folders = [str(self.bare.parent / f"outsider-{n}-of-{count}.git") for n in range(count)]
        people = [subprocess.Popen([*command, folder, str(every)]) for folder in folders]
        try:
            yield
        finally:
            for person in people:
                person.kill()
                person.wait()


@contextmanager
def plant(folder: Path) -> Iterator[Plant]:
    """A new one: a hundred deployments among other files."""
    folder.mkdir(exist_ok=True)
    seed, bare = folder / "seed", folder / "plant.git"
    files = {f"plant-a/reactor-{n}.yaml": _MANIFEST.format(name=f"reactor-{n}", version=2) for n in range(DEPLOYMENTS)}
    files |= {f"plant-a/other/{n}.yaml": f"kind: ConfigMap\nmetadata: {{name: other-{n}}}\n" for n in range(_OTHER_FILES)}
    for path, text in files.items():
        (seed / path).parent.mkdir(parents=True, exist_ok=True)
        (seed / path).write_text(text)
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    for setting in ("http.receivepack", "uploadpack.allowFilter"):
        git(bare, "config", setting, "true")
    within = ("--git-dir", str(bare), "--work-tree", str(seed))
    git(seed, *within, "add", "--all")
    git(seed, *within, "-c", "user.name=Eve", "-c", "user.email=eve@plant.example", "commit", "--quiet", "-m", "A plant")
    with served(folder) as address:
        yield Plant(bare, address)
