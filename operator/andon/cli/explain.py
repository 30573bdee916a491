"""`andon explain`: why was it decided so?"""

import json
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from andon.api.errors import UserError
from andon.api.exits import Exit
from andon.cli import completion
from andon.cli.options import Namespace
from andon.explain.explanation import Explanation
from andon.explain.explanation import explain as put_into_words
from andon.explain.find import find
from andon.explain.page import html as page
from andon.explain.scenes import Scenes, scenes
from andon.explain.sources import Live
from andon.explain.text import text
from andon.ports.terminal import current_namespace

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


class Form(StrEnum):
    """How the explanation is printed."""

    TEXT = "text"
    JSON = "json"


@app.command(epilog=Exit.__doc__)
def explain(
    decision: Annotated[
        str,
        typer.Argument(
            metavar="DECISION",
            help="Its id, as conditions, events and commits name it.",
            autocompletion=completion.decisions,
        ),
    ],
    namespace: Namespace = None,
    output: Annotated[Form, typer.Option("-o", "--output", help="How to print it.")] = Form.TEXT,
    html: Annotated[Path | None, typer.Option(help="Write a page with plots into this file.", dir_okay=False)] = None,
    prometheus: Annotated[
        str | None, typer.Option(envvar="ANDON_PROMETHEUS", help="Address of Prometheus, for the plots of the evidence.")
    ] = None,
) -> None:
    """Was it the data, the model or the plant, and how is that known?

    For example: andon explain d-7f3a91c2de -n plant-a --html why.html
    """
    sources, where = Live(prometheus), namespace or current_namespace()
    found = find(decision, sources.objects(where), where)
    told = put_into_words(found.case)
    seen = scenes(found, sources, datetime.now(UTC)) if html or output is Form.JSON else Scenes()
    if html:
        _write(html, page(told.headline, f"Decision {told.id} in {where}.", [told], [seen.plots], remarks=seen.remarks))
    typer.echo(_document(told, seen) if output is Form.JSON else text(told), nl=False)


def _document(told: Explanation, seen: Scenes) -> str:
    whole = told.as_json() | {"plots": [plot.as_json() for plot in seen.plots], "remarks": seen.remarks}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; name a file that you may write") from error
