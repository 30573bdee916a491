"""All that can be said of the files of a GitOps repository without a cluster."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from andon.api.types import ApiModel
from andon.lint.files import SHOWN, contents
from andon.lint.finding import Finding, Severity
from andon.lint.objects import Declared, World
from andon.lint.references import REFERENCES
from andon.lint.sense import SENSE
from andon.lint.shape import is_ours, shaped
from andon.lint.source import SourceError, documents

_NAMES_NOTHING: Final = ("spec", "metadata.labels", "metadata.annotations")
"""What is wrong there leaves it clear which object it is."""


@dataclass(slots=True)
class Linted:
    """findings: in the order of the files. objects: how many of the four kinds were found, sound or not."""

    findings: list[Finding] = field(default_factory=list)
    objects: int = 0

    @property
    def errors(self) -> int:
        """How many of them keep something from working."""
        return sum(finding.severity is Severity.ERROR for finding in self.findings)


def lint(where: Iterable[str], now: datetime) -> Linted:
    """where: files, folders, or `-`. Raises UserError for what cannot be read."""
    paths = list(where)
    linted, declared, names = Linted(), list[Declared[ApiModel]](), set[tuple[str, str]]()
    for file, data in contents(paths):
        try:
            for document in documents(file, data):
                names.add(_named(document.value))
                if is_ours(document):
                    linted.objects += 1
                    found = list(shaped(document))
                    linted.findings += [finding for finding in found if isinstance(finding, Finding)]
                    declared += [obj for obj in found if isinstance(obj, Declared)]
        except SourceError as error:
            linted.findings.append(Finding(file, *error.mark, Severity.ERROR, error.rule, str(error)))
    if not linted.objects and not linted.findings:
        linted.findings.append(_nothing(paths))
    unclear = any(
        not finding.path.startswith(_NAMES_NOTHING) for finding in linted.findings if finding.severity is Severity.ERROR
    )
    world = World(tuple(declared), frozenset(names), any(Path(path).is_dir() for path in paths), unclear)
    linted.findings += [finding for check in REFERENCES for finding in check(world)]
    linted.findings += [finding for sense in SENSE for finding in sense(world, now)]
    linted.findings.sort()
    return linted


def _nothing(paths: Sequence[str]) -> Finding:
    """A check of nothing would pass where whatever should have made the objects has failed."""
    message = "nothing of Andon's is there; see whether what makes these objects failed, or name where they are"
    return Finding(SHOWN.get(paths[0], paths[0]), 1, 1, Severity.ERROR, "NothingThere", message)


def _named(document: Any) -> tuple[str, str]:
    """Kind and name, as far as it has them."""
    said = document if isinstance(document, dict) else {}
    metadata = said.get("metadata")
    return str(said.get("kind")), str(metadata.get("name")) if isinstance(metadata, dict) else ""
