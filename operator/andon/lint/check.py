"""All that can be said of the files of a GitOps repository without a cluster."""

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from andon.api.errors import UserError
from andon.api.types import ApiModel
from andon.lint.finding import Finding, Severity
from andon.lint.objects import Declared, World
from andon.lint.references import REFERENCES
from andon.lint.sense import SENSE
from andon.lint.shape import is_ours, shaped
from andon.lint.source import SourceError, documents

STDIN: Final = "-"
_SUFFIXES: Final = (".yaml", ".yml", ".json")
_KUSTOMIZATIONS: Final = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})


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
    for file, text in _texts(paths):
        try:
            for document in documents(file, text):
                names.add(_named(document.value))
                if is_ours(document):
                    linted.objects += 1
                    found = list(shaped(document))
                    linted.findings += [finding for finding in found if isinstance(finding, Finding)]
                    declared += [obj for obj in found if isinstance(obj, Declared)]
        except SourceError as error:
            linted.findings.append(Finding(file, *error.mark, Severity.ERROR, error.rule, str(error)))
    unclear = any(not finding.path.startswith("spec") for finding in linted.findings if finding.severity is Severity.ERROR)
    world = World(tuple(declared), frozenset(names), any(Path(path).is_dir() for path in paths), unclear)
    linted.findings += [finding for check in REFERENCES for finding in check(world)]
    linted.findings += [finding for sense in SENSE for finding in sense(world, now)]
    linted.findings.sort()
    return linted


def _named(document: Any) -> tuple[str, str]:
    """Kind and name, as far as it has them."""
    said = document if isinstance(document, dict) else {}
    metadata = said.get("metadata")
    return str(said.get("kind")), str(metadata.get("name")) if isinstance(metadata, dict) else ""


def _texts(where: Iterable[str]) -> Iterator[tuple[str, str]]:
    for path in where:
        if path == STDIN:
            yield "<stdin>", sys.stdin.read()
        elif Path(path).is_dir():
            yield from _below(Path(path))
        else:
            yield path, _text(Path(path))


def _below(folder: Path) -> Iterator[tuple[str, str]]:
    """What is applied as it stands: neither a Kustomization nor its patches, and no template of a chart."""
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        folders[:] = sorted(n for n in folders if not n.startswith(".") and not ("Chart.yaml" in names and n == "templates"))
        partial = {patch for name in _KUSTOMIZATIONS & set(names) for patch in _patches(here / name)}
        for name in sorted(names):
            file = here / name
            if name.endswith(_SUFFIXES) and name not in _KUSTOMIZATIONS and file.resolve() not in partial:
                yield str(file), _text(file)


def _patches(kustomization: Path) -> Iterator[Path]:
    """Files that hold a part of an object. One that cannot be read is Kustomize's to complain of."""
    try:
        said = YAML(typ="safe", pure=True).load(_text(kustomization)) or {}
    except YAMLError:
        return
    named = [patch.get("path") for patch in said.get("patches", ()) if isinstance(patch, dict)]
    for path in [*named, *said.get("patchesStrategicMerge", ()), *said.get("patchesJson6902", ())]:
        if isinstance(path, str) and "\n" not in path:
            yield (kustomization.parent / path).resolve()


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}; name files or folders that you may read") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{file}: not UTF-8; save it as such") from error
