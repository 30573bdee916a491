"""Which YAML files does a commit hold, and what would one be with one scalar changed?

A race is run again from every new tip, and mostly somebody else's files have changed: what was read and edited once is known.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from git import GitCommandError, Repo
from git.objects import Tree
from gitdb import IStream

from andon.ports.gitcache import wanted_blobs
from andon.ports.splice import ObjectRef, Refusal, find
from andon.ports.splice.tree import is_kustomization

Edit = tuple[str, str, bytes]
"""The value that stands there, the file, and the whole file with another value in its place."""


class Files:
    """The files of one repository below one folder, as they were read so far. repo: open while anything is asked."""

    repo: Repo

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._data: dict[str, bytes] = {}
        self._edits: dict[tuple[Any, ...], Edit | Refusal] = {}

    def at(self, commit: str) -> "Snapshot":
        """The files of one commit. Raises nothing for a folder that is not there: the first edit does."""
        tree = self.repo.commit(commit).tree
        return Snapshot(self, tree.hexsha, _yaml_blobs(self.repo, tree.hexsha, self.folder))

    def read(self, blob: str) -> bytes:
        """Each blob once."""
        if blob not in self._data:
            self._data[blob] = self.repo.odb.stream(bytes.fromhex(blob)).read()
        return self._data[blob]

    def edit(self, blobs: Mapping[str, str], ref: ObjectRef, path: str, value: str | None) -> Edit:
        """The same question about the same files has the same answer. Raises Refusal."""
        concerned = blobs if any(map(is_kustomization, blobs)) else {f: b for f, b in blobs.items() if self._concerns(f, b, ref)}
        key = (ref, path, value, *concerned.items())
        if key not in self._edits:
            self._edits[key] = _edit({file: self.read(blob) for file, blob in concerned.items()}, ref, path, value)
        answer = self._edits[key]
        if isinstance(answer, Refusal):
            raise answer
        return answer

    def _concerns(self, file: str, blob: str, ref: ObjectRef) -> bool:
        """Where no Kustomization has a say, a file that names neither the kind nor the object says nothing of it."""
        data = self.read(blob)
        return ref.kind.encode() in data or ref.name.encode() in data or file.endswith("Chart.yaml")

    def store(self, kind: bytes, data: bytes) -> str:
        """The id of an object with this content."""
        stored: bytes = self.repo.odb.store(IStream(kind, len(data), io.BytesIO(data))).binsha
        return stored.hex()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of one tree. blobs: file to id, or why there are none."""

    source: Files
    tree: str
    blobs: Mapping[str, str] | Refusal

    def edited(self, ref: ObjectRef, path: str, value: str | None) -> Edit:
        """What stands at this path of the object, and its file with this value there; None: as it is. Raises Refusal."""
        if isinstance(self.blobs, Refusal):
            raise self.blobs
        return self.source.edit(self.blobs, ref, path, value)

    def with_file(self, file: str, data: bytes) -> "Snapshot":
        """The same with one file replaced."""
        blob = self.source.store(b"blob", data)
        tree = _with_file(self.source, Tree(self.source.repo, bytes.fromhex(self.tree), path=""), file.split("/"), blob)
        blobs = {} if isinstance(self.blobs, Refusal) else self.blobs
        return Snapshot(self.source, tree, {**blobs, file: blob})


def _edit(files: Mapping[str, bytes], ref: ObjectRef, path: str, value: str | None) -> Edit | Refusal:
    try:
        place = find(files, ref, tuple(path.split(".")))
        same = value is None or value == place.value
        return place.value, place.file, b"" if same else place.changed_to(value or "")
    except Refusal as refusal:
        return refusal


def _yaml_blobs(repo: Repo, tree: str, folder: str) -> Mapping[str, str] | Refusal:
    where = tree if folder == "." else f"{tree}:{folder}"
    try:
        kind = "tree" if folder == "." else repo.git.cat_file("-t", where)
    except GitCommandError:
        return Refusal("NotFound", f"there is no folder {folder}; check the path of the repository's entry")
    if kind != "tree":
        return Refusal("NotFound", f"{folder} is a file; name its folder as the path of the repository's entry")
    listed: bytes = repo.git.ls_tree("-r", "-z", where, stdout_as_string=False)
    before = "" if folder == "." else f"{folder}/"
    return {f"{before}{path}": blob for path, blob in wanted_blobs(listed).items()}


def _with_file(files: Files, tree: Tree, path: list[str], blob: str) -> str:
    """The tree with one file replaced. Spliced like the file itself: names in no encoding and odd modes stay as they are."""
    item = tree[path[0]]
    new = _with_file(files, item, path[1:], blob) if len(path) > 1 else blob
    entry = b" " + path[0].encode(errors="surrogateescape") + b"\0"
    return files.store(b"tree", tree.data_stream.read().replace(entry + item.binsha, entry + bytes.fromhex(new), 1))
