"""`andon doctor`: is everything there, and what is to be done where it is not?"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from andon.api.exits import Exit
from andon.cli.forms import Nameless, NamelessOutput, put
from andon.cli.options import Kubeconfig, Namespace, alone
from andon.doctor.examined import Examined, Health, Patient
from andon.doctor.operator import told
from andon.doctor.rounds import examined
from andon.ports.terminal import ApiServer, current_namespace
from andon.watch.drawing import terminal

_SIGNS = {Health.OK: ("✓", "green"), Health.WARN: ("!", "yellow"), Health.FAIL: ("✗", "red"), Health.UNKNOWN: ("?", "magenta")}
_WIDTH = 24


def doctor(
    *,
    namespace: Namespace = None,
    config: Annotated[
        Path | None,
        typer.Option(help="The operator's configuration, beside whose Secrets this runs: pushes are tried dry.", dir_okay=False),
    ] = None,
    operator: Annotated[bool, typer.Option("--operator", help="Ask about the rights that the operator needs.")] = False,
    prometheus: Annotated[str | None, typer.Option(envvar="ANDON_PROMETHEUS", help="Its address.")] = None,
    mlflow: Annotated[str | None, typer.Option(envvar="MLFLOW_TRACKING_URI", help="Its address.")] = None,
    output: NamelessOutput = Nameless.TEXT,
    kubeconfig: Kubeconfig = None,
) -> None:
    """API server, clock, CRDs, rights, admission policy, operator, Prometheus, MLflow and git; each with what puts it right.

    For example: andon doctor -n plant-a; and in the operator's pod: andon doctor -n plant-a --operator --config FILE
    """
    file = str(kubeconfig) if kubeconfig else None
    named = {"prometheus": prometheus, "mlflow": mlflow}
    patient = Patient(
        api=ApiServer(file),
        namespace=namespace or current_namespace(file),
        as_operator=operator,
        addresses={service: address for service, address in named.items() if address},
    )
    found, console = [], terminal()
    for answer in examined(told(patient, config)):
        found.append(answer)
        if output is Nameless.TEXT:
            _show(answer, console)
    failed = any(answer.health is Health.FAIL for answer in found)
    if output is not Nameless.TEXT:
        put({"healthy": not failed, "checks": [answer.as_json() for answer in found]}, output)
    raise typer.Exit(Exit.FAILED if failed else Exit.OK)


def _show(answer: Examined, console: Console) -> None:
    sign, colour = _SIGNS[answer.health]
    line = Text.assemble((f"{sign} ", colour), (answer.name.ljust(_WIDTH), "bold"), answer.said)
    console.print(line, soft_wrap=True)
    if answer.fix:
        console.print(Text(f"{' ' * (_WIDTH + 2)}next: {answer.fix}", style="dim"), soft_wrap=True)


app = alone(doctor)
