"""`andon crds`: the four CustomResourceDefinitions, printed, written or compared; and their reference pages."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from andon.api.errors import UserError


def crds(
    out: Annotated[Path | None, typer.Option(help="Write one file per kind into this folder.", file_okay=False)] = None,
    docs: Annotated[
        Path | None, typer.Option(help="Write the reference pages into this folder.", hidden=True, file_okay=False)
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 naming the files that differ.")] = False,
) -> None:
    """Print the CustomResourceDefinitions, for kubectl to apply.

    For example: andon crds | kubectl apply --server-side -f -
    """
    from andon.api import crd, reference
    from andon.api.kinds import KINDS

    definitions = {crd.file_name(kind): crd.text(kind) for kind in KINDS}
    finish = compare if check else write
    if out:
        finish(out, definitions)
    if docs:
        finish(docs, reference.pages())
    if not (out or docs):
        sys.stdout.write("---\n".join(definitions.values()))


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Make the folder hold these files; others stay. Raises UserError when it cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{error.filename}: {error.strerror}") from error


def compare(folder: Path, files: Mapping[str, str]) -> None:
    """Raises UserError naming the files that are missing or differ."""
    differ = [name for name, text in files.items() if not (folder / name).is_file() or (folder / name).read_text() != text]
    if differ:
        raise UserError(f"{folder} is not what operator/andon/api says: {', '.join(differ)}. Run the same without --check.")
