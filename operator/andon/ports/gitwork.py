"""One commit on top of a tip, written into a bare repository: run as a process of its own, which ends with the commit.

GitPython leaks and leaves `cat-file` children behind, which is nothing in a process that lives for half a second. An order comes
as JSON on stdin, its outcome leaves as JSON on stdout; what went wrong unforeseen is a traceback and exit code 1.
"""

import io
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

from git import Actor, Commit, Repo
from git.objects import Blob, Tree
from gitdb import IStream

from andon.ports.splice import ObjectRef, Place, Refusal, find

_REMEMBERED: Final = 500

Outcome = dict[str, Any]


def work(order: dict[str, Any]) -> Outcome:
    """`{"commit"}`, `{"already": the commit that did it, or null}`, or `{"refused": reason, "message"}`."""
    with Repo(order["repository"]) as repo:
        tip = repo.commit(order["tip"])
        try:
            files = {str(blob.path): blob.data_stream.read() for blob in _manifests(tip, order["folder"])}
            place = _place(files, order, "path")
            done = _done_by(repo, tip, order["decision"])
            if place.value == order["new"]:
                return {"already": done}
            _check_still_applies(place, order, done)
            _check_allowed(files, order)
            return {"commit": _commit(repo, tip, place.file, place.changed_to(order["new"]), order)}
        except Refusal as refusal:
            return {"refused": refusal.reason, "message": str(refusal)}


def _place(files: Mapping[str, bytes], order: dict[str, Any], which: str) -> Place:
    return find(files, ObjectRef(**order["object"]), tuple(order[which].split(".")))


def _manifests(tip: Commit, folder: str) -> Iterator[Blob]:
    try:
        tree = tip.tree if folder == "." else tip.tree / folder
    except KeyError as error:
        raise Refusal("NotFound", f"there is no folder {folder}; check the path of the repository's entry") from error
    if not isinstance(tree, Tree):
        raise Refusal("NotFound", f"{folder} is a file; name its folder as the path of the repository's entry")
    for item in tree.traverse():
        if isinstance(item, Blob) and str(item.path).endswith((".yaml", ".yml")):
            yield item


def _done_by(repo: Repo, tip: Commit, decision: str) -> str | None:
    """The newest commit that carries the decision in its trailers."""
    trailer = f"Andon-Decision: {decision}"
    recent = repo.iter_commits(tip, max_count=_REMEMBERED)
    return next((c.hexsha for c in recent if trailer in str(c.message).rstrip().rpartition("\n\n")[2].splitlines()), None)


def _check_still_applies(place: Place, order: dict[str, Any], done: str | None) -> None:
    if done is not None:
        said = f"commit {done[:12]} already carried {order['decision']}, and {place.value} was committed again since"
        raise Refusal("Overwritten", f"{place.file}: {said}; commit another version, or override the decision")
    if place.value != order["old"]:
        said = f"git names {place.value}, and neither {order['old']} nor {order['new']}"
        raise Refusal("Superseded", f"{place.file}: {said}; somebody decided otherwise, nothing to do")


def _check_allowed(files: Mapping[str, bytes], order: dict[str, Any]) -> None:
    """A person's override reaches git before it reaches the cluster, and so before us."""
    try:
        place = _place(files, order, "override")
    except Refusal:
        return
    if place.value == order["decision"]:
        raise Refusal("Overridden", f"{place.file}: {order['override']} takes back what {place.value} convicted; nothing to do")


def _commit(repo: Repo, tip: Commit, file: str, data: bytes, order: dict[str, Any]) -> str:
    author = Actor(order["author"]["name"], order["author"]["email"])
    tree = Tree(repo, _with_file(repo, tip.tree, file.split("/"), _store(repo, b"blob", data)))
    made = Commit.create_from_tree(repo, tree, order["message"], parent_commits=[tip], author=author, committer=author)
    return str(made.hexsha)


def _with_file(repo: Repo, tree: Tree, path: list[str], blob: bytes) -> bytes:
    """The tree with one file replaced. Spliced like the file itself: names in no encoding and odd modes stay as they are."""
    item = tree[path[0]]
    new = _with_file(repo, item, path[1:], blob) if len(path) > 1 else blob
    entry = b" " + path[0].encode(errors="surrogateescape") + b"\0"
    return _store(repo, b"tree", tree.data_stream.read().replace(entry + item.binsha, entry + new, 1))


def _store(repo: Repo, kind: bytes, data: bytes) -> bytes:
    stored: bytes = repo.odb.store(IStream(kind, len(data), io.BytesIO(data))).binsha
    return stored


if __name__ == "__main__":
    json.dump(work(json.load(sys.stdin.buffer)), sys.stdout)
