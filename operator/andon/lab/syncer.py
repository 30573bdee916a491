"""Plays Argo CD or Flux: makes the cluster what a branch says, by server-side apply, and prunes what is gone from it.

`python -m andon.lab.syncer` asks for the branch's tip every interval. A document that is wrong is reported, does not stop the
others, and is tried again; while any file cannot be read nothing is pruned, since what it held is not known to be gone.
"""

import argparse
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import yaml

from andon.lab.git import GitError, git

if TYPE_CHECKING:
    from kubernetes.dynamic import DynamicClient

MANAGER: Final = "lab-syncer"
LABEL: Final = "andon.dev/lab-synced-by"
_FIRST: Final = ("Namespace", "CustomResourceDefinition")
_CORRECT_EVERY: Final = 60.0

log = logging.getLogger("syncer")
Document = dict[str, Any]


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """Which object."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, document: Document) -> Self:
        """Raises KeyError or TypeError when the document does not say."""
        metadata = document["metadata"]
        parts = (document["apiVersion"], document["kind"], metadata.get("namespace", ""), metadata["name"])
        if not all(isinstance(part, str) for part in parts):
            raise TypeError(f"{parts}: each must be a string")
        return cls(*parts)

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Failure:
    """What could not be applied, and why."""

    what: str
    message: str


@dataclass(slots=True)
class Status:
    """The outcome of the last round, as written to the status file. commit: the tip that was applied."""

    commit: str = ""
    objects: list[Reference] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Self:
        """What the file says; nothing when there is none yet."""
        if not path.exists():
            return cls()
        said = json.loads(path.read_text())
        return cls(said["commit"], [Reference(**r) for r in said["objects"]], [Failure(**f) for f in said["failures"]])

    def write(self, path: Path) -> None:
        """Replace the file in one step: a reader sees the old or the new."""
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), indent=1))
        draft.replace(path)


class Checkout:
    """A working copy of one branch."""

    def __init__(self, url: str, branch: str, folder: Path) -> None:
        self._url, self._branch, self.folder = url, branch, folder
        if not (folder / ".git").exists():
            folder.mkdir(parents=True, exist_ok=True)
            git(self.folder, "init", "--quiet")

    def tip(self) -> str:
        """The commit the branch stands at. Raises GitError while the server is away or has no such branch."""
        said = git(self.folder, "ls-remote", self._url, f"refs/heads/{self._branch}")
        if not said:
            raise GitError(f"{self._url} has no branch {self._branch}")
        return said.split()[0]

    def update(self) -> str:
        """Fetch the tip and check it out; the commit that is now in the folder."""
        git(self.folder, "fetch", "--quiet", "--depth=1", self._url, f"refs/heads/{self._branch}")
        git(self.folder, "checkout", "--quiet", "--force", "--detach", "FETCH_HEAD")
        git(self.folder, "clean", "-fdqx")
        return git(self.folder, "rev-parse", "HEAD").strip()


class Cluster:
    """Applies and deletes documents of any kind."""

    def __init__(self, client: "DynamicClient") -> None:
        self._client = client

    def apply(self, document: Document, owner: str) -> str | None:
        """Force every field of the document; what the API server complained about, None when it did not."""
        reference = Reference.of(document)
        labels = {**document["metadata"].get("labels", {}), LABEL: owner}
        body = {**document, "metadata": {**document["metadata"], "labels": labels}}
        return self._attempt(reference, "server_side_apply", body=body, field_manager=MANAGER, force_conflicts=True)

    def delete(self, reference: Reference) -> str | None:
        """Gone already is fine; what the API server complained about, None when it did not."""
        return self._attempt(reference, "delete", name=reference.name)

    def _attempt(self, reference: Reference, verb: str, **arguments: Any) -> str | None:
        from kubernetes.client.exceptions import ApiException
        from kubernetes.dynamic.exceptions import ResourceNotFoundError
        from urllib3.exceptions import HTTPError

        try:
            resource = self._client.resources.get(api_version=reference.api_version, kind=reference.kind)
            namespace = (reference.namespace or "default") if resource.namespaced else None
            getattr(resource, verb)(namespace=namespace, **arguments)
        except ResourceNotFoundError:
            return (
                None
                if verb == "delete"
                else f"the cluster knows no {reference.kind} in {reference.api_version}; is its CRD there?"
            )
        except ApiException as error:
            return None if verb == "delete" and error.status == 404 else _complaint(error.body)
        except HTTPError as error:
            return f"the API server is away: {error}"
        return None


class Syncer:
    """One branch, one folder of it, one cluster."""

    def __init__(self, checkout: Checkout, path: str, cluster: Cluster, status_file: Path, owner: str) -> None:
        self._checkout, self._path, self._cluster, self._file, self._owner = checkout, path, cluster, status_file, owner
        self._status = Status.read(status_file)
        self._corrected = float("-inf")

    def round(self, now: float) -> None:
        """Apply the tip if it moved, if something failed last time, or to correct what someone changed by hand."""
        tip = self._checkout.tip()
        if tip == self._status.commit and not self._status.failures and now - self._corrected < _CORRECT_EVERY:
            return
        commit = self._checkout.update()
        before, self._status, self._corrected = self._status, self._sync(commit), now
        self._status.write(self._file)
        self._tell(before)

    def _sync(self, commit: str) -> Status:
        documents, failures = read_documents(self._checkout.folder / self._path)
        wanted = {Reference.of(document): document for document in documents}
        gone = set() if failures else set(self._status.objects) - wanted.keys()
        kept = {reference for reference in self._status.objects if reference not in wanted and reference not in gone}
        for reference, document in wanted.items():
            complaint = self._cluster.apply(document, self._owner)
            if complaint:
                failures.append(Failure(str(reference), complaint))
            if not complaint or reference in self._status.objects:
                kept.add(reference)
        for reference in sorted(gone):
            complaint = self._cluster.delete(reference)
            if complaint:
                kept.add(reference)
                failures.append(Failure(str(reference), complaint))
        return Status(commit, sorted(kept), failures)

    def _tell(self, before: Status) -> None:
        now = self._status
        if now.commit != before.commit:
            pruned = len(set(before.objects) - set(now.objects))
            log.info("applied %s: %d objects, %d pruned, %d failed", now.commit[:12], len(now.objects), pruned, len(now.failures))
        for failure in now.failures:
            if failure not in before.failures:
                log.warning("%s: %s", failure.what, failure.message)


def read_documents(folder: Path) -> tuple[list[Document], list[Failure]]:
    """Every document below the folder, in the order to apply them, and what could not be read."""
    documents: list[Document] = []
    failures: list[Failure] = []
    for path in sorted(p for p in folder.rglob("*.y*ml") if p.suffix in {".yaml", ".yml"}):
        file = str(path.relative_to(folder))
        try:
            for document in _documents(path):
                Reference.of(document)
                documents.append(document)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            failures.append(Failure(file, f"not YAML: {' '.join(str(error).split())}"))
        except OSError as error:
            failures.append(Failure(file, f"cannot be read: {error.strerror}"))
        except (KeyError, TypeError, AttributeError):
            failures.append(Failure(file, "a document needs apiVersion, kind and metadata.name, all strings"))
    documents.sort(key=lambda document: _FIRST.index(document["kind"]) if document["kind"] in _FIRST else len(_FIRST))
    return documents, failures


def _documents(path: Path) -> Iterator[Document]:
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        if document is not None:
            yield document


def _complaint(body: Any) -> str:
    """The message of the API server's Status object."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text


def main() -> None:
    """Sync until ended; the server being away is logged once and waited for."""
    from kubernetes import config
    from kubernetes.dynamic import DynamicClient

    options = _options()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    client = DynamicClient(config.new_client_from_config(options.kubeconfig), cache_file=str(options.folder / "discovery.json"))
    checkout = Checkout(options.url, options.branch, options.folder / "checkout")
    syncer = Syncer(checkout, options.path, Cluster(client), options.folder / "status.json", options.name)
    weather = ""
    while True:
        try:
            syncer.round(time.monotonic())
            weather = ""
        except GitError as error:
            if str(error) != weather:
                weather = str(error)
                log.warning("%s", weather)
        time.sleep(options.interval)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--url", required=True, help="the repository")
    parser.add_argument("--branch", default="main")
    parser.add_argument("--path", default=".", help="the folder of the repository that holds the objects")
    parser.add_argument("--name", default="lab", help="value of the label on every object")
    parser.add_argument("--interval", type=float, default=2.0, help="seconds between two looks at the branch")
    parser.add_argument("--folder", type=Path, required=True, help="where the checkout and status.json are kept")
    return parser.parse_args()


if __name__ == "__main__":
    main()
