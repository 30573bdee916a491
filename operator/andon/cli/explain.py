"""`andon explain`: why was it decided so?"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from andon.api.errors import UserError
from andon.cli import completion
from andon.cli.forms import Nameless, NamelessOutput, put
from andon.cli.options import Kubeconfig, Namespace, alone
from andon.explain.explanation import explain as put_into_words
from andon.explain.find import find
from andon.explain.page import html as page
from andon.explain.scenes import Scenes, scenes
from andon.explain.sources import Live
from andon.explain.text import text
from andon.ports.terminal import current_namespace


def explain(
    decision: Annotated[
        str,
        typer.Argument(
            metavar="DECISION",
            help="Its id, as conditions, events and commits name it.",
            autocompletion=completion.decisions,
        ),
    ],
    *,
    namespace: Namespace = None,
    output: NamelessOutput = Nameless.TEXT,
    html: Annotated[Path | None, typer.Option(help="Write a page with plots into this file.", dir_okay=False)] = None,
    prometheus: Annotated[
        str | None, typer.Option(envvar="ANDON_PROMETHEUS", help="Address of Prometheus, for the plots of the evidence.")
    ] = None,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Was it the data, the model or the plant, and how is that known?

    For example: andon explain d-7f3a91c2de -n plant-a --html why.html
    """
    file = str(kubeconfig) if kubeconfig else None
    sources, where = Live(prometheus, file), namespace or current_namespace(file)
    found = find(decision, sources.objects(where), where)
    told = put_into_words(found.case)
    seen = scenes(found, sources, datetime.now(UTC)) if html or output is not Nameless.TEXT else Scenes()
    if html:
        _write(html, page(told.headline, f"Decision {told.id} in {where}.", [told], [seen.plots], remarks=seen.remarks))
    if output is Nameless.TEXT:
        typer.echo(text(told), nl=False)
    else:
        put(told.as_json() | {"plots": [plot.as_json() for plot in seen.plots], "remarks": seen.remarks}, output)


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; name a file that you may write") from error


app = alone(explain)
