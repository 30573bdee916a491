"""Who else writes this line?"""

import re
from collections.abc import Collection
from posixpath import basename
from typing import Final

from andon.ports.splice.place import Place
from andon.ports.splice.refusal import Refusal
from andon.ports.splice.syntax import BREAK, TEMPLATE, Mapping, Node, Section
from andon.ports.splice.tree import Tree, mentions
from andon.ports.splice.walk import below
from andon.ports.splice.walk import text as said_by

_MARKERS: Final = (
    (re.compile(r"\$imagepolicy"), "Flux's image automation"),
    (re.compile(r"renovate:"), "Renovate"),
    (re.compile(r"argocd-image-updater"), "Argo CD Image Updater"),
    (re.compile(r"x-release-please-(?!(?:\w+-)?end\b)"), "release-please"),
)
_BLOCK: Final = re.compile(r"x-release-please-(?:\w+-)?(start|end)\b")  # what stands between is all release-please's
_IMAGE: Final = re.compile(r"(?P<name>[\w./-]+(?::\d+/[\w./-]+)?)(?::[\w.-]+)?(?:@sha256:[0-9a-f]+)?")
_NAMED_LATER: Final = re.compile(rf"\bname:[^\n]*(?:{TEMPLATE.pattern})")
_DOCUMENTS: Final = re.compile(r"^---", re.MULTILINE)
_METADATA: Final = re.compile(r"^metadata:[^\n]*(?:\n(?:[ \t#{][^\n]*)?)*", re.MULTILINE)
_NAME: Final = re.compile(r"(?<![\w./-])name: *(?:(?P<quote>[\"']?)(?P<literal>[a-z0-9.-]+)(?P=quote) *(?=[,}#\r\n]|$))?")
_UPDATER: Final = "argocd-image-updater"
_OVERRIDES: Final = ".argocd-source-"


def refuse_template(section: Section, line: int | None) -> None:
    """Raises Refusal when the line is filled in."""
    if line is not None and TEMPLATE.search(_lines(section, line)[1]):
        raise Refusal("Templated", "the line is filled in by a template; edit what fills it in", section.file, line)


def names_by_template(text: str) -> bool:
    """Whether what is declared here has a name that only a template knows."""
    return _NAMED_LATER.search(text) is not None


def may_make(text: str, kind: str, names: Collection[str]) -> bool:
    """Whether this text, once filled in, may declare an object of this kind by one of these names."""
    return any(kind in document and _may_be_named(document, names) for document in _DOCUMENTS.split(text))


def _may_be_named(document: str, names: Collection[str]) -> bool:
    """Not where all that its metadata calls a name stands there as it is, and is another one."""
    metadata = _METADATA.search(document)
    said = [name["literal"] for name in _NAME.finditer(metadata[0])] if metadata else []
    return not said or any(literal is None or literal in names for literal in said)


def refuse_marked(text: str, section: Section, node: Node) -> None:
    """Raises Refusal when a marker on the line, on the comment above, or around it, gives it away. text: of the whole file."""
    above, itself = _lines(section, node.line)
    said = f"{above}\n{itself}" if above.lstrip().startswith("#") else itself
    owner = next((owner for marker, owner in _MARKERS if marker.search(said)), None)
    if _BLOCK.findall(text, 0, section.start + node.start)[-1:] == ["start"]:
        owner = "release-please"
    if owner:
        message = f"a marker gives this line to {owner}; remove it, or edit there"
        raise Refusal("ManagedElsewhere", message, section.file, node.line)


def refuse_annotated(file: str, node: Node) -> None:
    """Raises Refusal when an annotation of the object gives it to Argo CD Image Updater."""
    annotations = below(file, node, "metadata", "annotations")
    for key, _ in annotations.entries() if isinstance(annotations, Mapping) else ():
        if (said := said_by(key)) and said.startswith(_UPDATER):
            message = f"the annotation {said} gives this object to Argo CD Image Updater; remove it, or edit there"
            raise Refusal("ManagedElsewhere", message, file, key.line)


def refuse_sealed(file: str, root: Node) -> None:
    """Raises Refusal when SOPS has signed the whole document: any edit would make it unreadable to whoever applies it."""
    if (mac := below(file, root, "sops", "mac")) is not None:
        message = "SOPS seals the whole document; change it with sops itself"
        raise Refusal("ManagedElsewhere", message, file, mac.line)


def follows_images(file: str, data: bytes) -> bool:
    """Whether Argo CD Image Updater reads or writes it."""
    return basename(file).startswith(_OVERRIDES) or mentions(data, _UPDATER)


def refuse_followed_image(tree: Tree, place: Place) -> None:
    """Raises Refusal when the value is an image that Argo CD Image Updater follows, by its own file or an Application's word."""
    image = _IMAGE.fullmatch(place.value)
    if image is None or not ({":", "/"} & set(place.value)):
        return
    for file, data in tree.files.items():
        if file != place.file and follows_images(file, data) and mentions(data, image["name"]):
            message = f"Argo CD Image Updater follows {image['name']} ({file}); take it out there first, or edit there"
            raise Refusal("ManagedElsewhere", message, place.file, place.line)


def _lines(section: Section, line: int) -> tuple[str, str]:
    """The line above, and the line itself."""
    lines = ["", *BREAK.split(section.text)]
    return lines[line - section.line - 1], lines[line - section.line]
