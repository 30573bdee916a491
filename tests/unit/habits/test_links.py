"""Links between documents lead somewhere: to a file in git, and to a heading that is there."""

import posixpath
import re

from unit.habits.tree import ROOT, texts, tracked

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.M)
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.M | re.S)


def test_links_between_documents_resolve():
    documents = {path: text for path, text in texts() if path.endswith(".md")}
    dead = [
        f"{path}: {link}"
        for path, text in documents.items()
        for link in LINK.findall(CODE.sub("", text))
        if "://" not in link and not link.startswith("mailto:") and not _leads_somewhere(path, link, documents)
    ]
    assert not dead


def _leads_somewhere(source: str, link: str, documents: dict[str, str]) -> bool:
    target, _, anchor = link.partition("#")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target)) if target else source
    if path not in documents:
        return path in tracked() or ((ROOT / path).is_dir() and any(known.startswith(f"{path}/") for known in tracked()))
    return not anchor or anchor in {_slug(heading) for heading in HEADING.findall(documents[path])}


def _slug(heading: str) -> str:
    """The anchor that forges make of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
