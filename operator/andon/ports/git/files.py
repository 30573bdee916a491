"""Which YAML files does a commit hold, and what would one be with one scalar changed?

A race is run again from every new tip, and mostly somebody else's files have changed: what was read and edited once is known.
"""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from git import Repo
from git.objects import Tree
from gitdb import IStream, LooseObjectDB

from andon.ports.git.cache import wanted_blobs
from andon.ports.splice import ObjectRef, Refusal, find
from andon.ports.splice.find import concerns
from andon.ports.splice.path import parsed
from andon.ports.splice.tree import is_kustomization

Edit = tuple[str, str, bytes]
"""The value that stands there, the file, and the whole file with another value in its place."""


class Files:
    """The files of one repository below one folder, as they were read so far. repo: open while anything is asked."""

    repo: Repo

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.listed: dict[str, Mapping[str, str]] = {}
        self._data: dict[str, bytes] = {}
        self._concerned: dict[tuple[str, ObjectRef], Mapping[str, str]] = {}
        self._edits: dict[tuple[Any, ...], Edit | Refusal] = {}

    def tree_of(self, commit: str) -> str | Refusal:
        """The id of the folder in this commit, or why there is none."""
        tree = self.repo.commit(commit).tree
        try:
            found = tree if self.folder == "." else tree / self.folder
        except KeyError:
            return Refusal("NotFound", f"there is no folder {self.folder}; check the path of the repository's entry")
        if not isinstance(found, Tree):
            return Refusal("NotFound", f"{self.folder} is a file; name its folder as the path of the repository's entry")
        return str(found.hexsha)

    def at(self, commit: str) -> "Snapshot":
        """The files of one commit. Raises nothing for a folder that is not there: the first edit does."""
        folder = self.tree_of(commit)
        if isinstance(folder, str) and folder not in self.listed:
            listing: bytes = self.repo.git.ls_tree("-r", "-z", folder, stdout_as_string=False)
            before = "" if self.folder == "." else f"{self.folder}/"
            self.listed[folder] = {f"{before}{path}": blob for path, blob in wanted_blobs(listing).items()}
        return Snapshot(self, self.repo.commit(commit).tree.hexsha, folder, {})

    def read(self, oid: str) -> bytes:
        """Each blob and tree once."""
        if oid not in self._data:
            self._data[oid] = self.repo.odb.stream(bytes.fromhex(oid)).read()
        return self._data[oid]

    def edit(self, folder: str, changed: Mapping[str, str], ref: ObjectRef, path: str, value: str | None) -> Edit:
        """The same question about the same files has the same answer. changed: files since the folder's tree. Raises Refusal."""
        concerned = self._concerning(folder, ref)
        concerned = {**concerned, **{file: blob for file, blob in changed.items() if file in concerned}}
        key = (ref, path, value, *concerned.items())
        if key not in self._edits:
            self._edits[key] = _edit({file: self.read(blob) for file, blob in concerned.items()}, ref, path, value)
        answer = self._edits[key]
        if isinstance(answer, Refusal):
            raise answer
        return answer

    def _concerning(self, folder: str, ref: ObjectRef) -> Mapping[str, str]:
        """Where no Kustomization has a say, most files say nothing of the object."""
        if (folder, ref) not in self._concerned:
            files = self.listed[folder]
            every = any(map(is_kustomization, files))
            of_it = (f for f, blob in files.items() if every or concerns(f, self.read(blob), ref))
            self._concerned[folder, ref] = {file: files[file] for file in of_it}
        return self._concerned[folder, ref]

    def store(self, kind: str, data: bytes) -> str:
        """The id of an object with this content, which is written without a process for it, and once."""
        oid = hashlib.sha1(f"{kind} {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()
        if oid not in self._data:
            loose = LooseObjectDB(str(Path(self.repo.git_dir, "objects")))
            loose.store(IStream(kind.encode(), len(data), io.BytesIO(data)))
            self._data[oid] = data
        return oid


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of one tree. folder: the tree they were listed from, or why there is none. changed: files of ours since."""

    source: Files
    tree: str
    folder: str | Refusal
    changed: Mapping[str, str]

    def edited(self, ref: ObjectRef, path: str, value: str | None) -> Edit:
        """What stands at this path of the object, and its file with this value there; None: as it is. Raises Refusal."""
        if isinstance(self.folder, Refusal):
            raise self.folder
        return self.source.edit(self.folder, self.changed, ref, path, value)

    def with_file(self, file: str, data: bytes) -> "Snapshot":
        """The same with one file replaced."""
        blob = self.source.store("blob", data)
        tree = _with_file(self.source, self.tree, file.split("/"), blob)
        return replace(self, tree=tree, changed={**self.changed, file: blob})


def _edit(files: Mapping[str, bytes], ref: ObjectRef, path: str, value: str | None) -> Edit | Refusal:
    try:
        place = find(files, ref, parsed(path))
        same = value is None or value == place.value
        return place.value, place.file, b"" if same else place.changed_to(value or "")
    except Refusal as refusal:
        return refusal


def _with_file(files: Files, tree: str, path: list[str], blob: str) -> str:
    """The tree with one file replaced. Spliced like the file itself: names in no encoding and odd modes stay as they are."""
    data = files.read(tree)
    at = _id_of(data, path[0].encode(errors="surrogateescape"))
    new = _with_file(files, data[at : at + 20].hex(), path[1:], blob) if len(path) > 1 else blob
    return files.store("tree", data[:at] + bytes.fromhex(new) + data[at + 20 :])


def _id_of(tree: bytes, name: bytes) -> int:
    """Where in a tree, which is `MODE NAME<NUL>` and 20 bytes of id again and again, the id of this name begins."""
    at = 0
    while at < len(tree):
        end = tree.index(b"\0", at)
        if tree[at:end].partition(b" ")[2] == name:
            return end + 1
        at = end + 21
    raise KeyError(name)
