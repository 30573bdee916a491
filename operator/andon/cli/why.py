"""`andon why`: why is this prediction as it is?"""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from andon.api.errors import UserError
from andon.api.exits import Exit
from andon.cli.forms import Nameless, NamelessOutput, put
from andon.cli.options import Deployment, Kubeconfig, Namespace
from andon.cli.usage import understood
from andon.ports.terminal import ApiServer, current_namespace
from andon.watch.drawing import terminal
from andon.watch.why.alone import alone
from andon.watch.why.drawing import drawn
from andon.watch.why.moment import moment
from andon.watch.why.origin import as_json
from andon.watch.why.question import Question, answer, deployment
from andon.watch.why.sources import traced

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command(epilog=Exit.__doc__, context_settings={"ignore_unknown_options": True})  # -5m is a time, and no option
def why(
    name: Deployment,
    time: Annotated[str, typer.Argument(metavar="TIME", help="2026-11-22T12:03:00Z, 12:03:00 (today, here) or -5m (ago).")],
    *,
    namespace: Namespace = None,
    server: Annotated[str | None, typer.Option(help="Address of the server, where the cluster's own cannot be reached.")] = None,
    token_file: Annotated[Path | None, typer.Option(help="File with the bearer token that it asks for.")] = None,
    ca_file: Annotated[Path | None, typer.Option(help="File with the authority of its certificate.")] = None,
    mlflow: Annotated[str | None, typer.Option(envvar="MLFLOW_TRACKING_URI", help="By default as the server was told.")] = None,
    output: NamelessOutput = Nameless.TEXT,
    kubeconfig: Kubeconfig = None,
) -> None:
    """What each feature did to a prediction, and where model and data come from.

    For example: andon why product-e -5m -n plant-a
    """
    with understood("TIME"):
        at = moment(time, datetime.now().astimezone())
    file = str(kubeconfig) if kubeconfig else None
    api, token = _cluster(file, server), _text_of(token_file)
    question = Question(namespace or current_namespace(file), name, at, server, token, str(ca_file) if ca_file else None)
    if api is None:
        told, origin = alone(question, mlflow)
    else:
        obj = deployment(api, question)
        told = answer(api, question, obj)
        origin = traced(api, obj, told, mlflow)
    if output is Nameless.TEXT:
        console = terminal()
        console.print(drawn(told, origin, name, console.width))
    else:
        put(as_json(told, origin), output)


def _cluster(kubeconfig: str | None, server: str | None) -> ApiServer | None:
    """None where none is configured and none is needed, since the server is named."""
    try:
        return ApiServer(kubeconfig)
    except UserError:
        if server is None or kubeconfig:
            raise
        return None


def _text_of(path: Path | None) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip() if path else None
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; name a file with the token") from error
