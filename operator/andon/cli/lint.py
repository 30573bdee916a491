"""`andon lint`: what is wrong with a folder of objects, without a cluster?"""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from andon.api.exits import Exit
from andon.cli.forms import Nameless, NamelessOutput, put
from andon.cli.options import alone
from andon.lint.check import Linted
from andon.lint.check import lint as linted
from andon.lint.finding import Severity
from andon.watch.drawing import terminal

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


def lint(
    specs: Annotated[list[str], typer.Argument(metavar="SPECS...", help="Files, folders, or - for what is piped in.")],
    *,
    strict: Annotated[bool, typer.Option("--strict", help="A warning fails, too.")] = False,
    output: NamelessOutput = Nameless.TEXT,
) -> None:
    """Schema, rules across fields, references and policy sense, each with file, line and column. No cluster is asked.

    For example: andon lint specs/, or helm template . | andon lint -
    """
    done = linted(specs, datetime.now(UTC))
    if output is Nameless.TEXT:
        _show(done)
    else:
        put({"objects": done.objects, "findings": [finding.as_json() for finding in done.findings]}, output)
    failed = done.errors or (strict and done.findings)
    raise typer.Exit(Exit.FAILED if failed else Exit.OK)


def _show(done: Linted) -> None:
    console = terminal()
    for finding in done.findings:
        head, severity, rest = str(finding).partition(finding.severity)
        console.print(Text.assemble((head, "bold"), (severity, _COLOURS[finding.severity]), rest), soft_wrap=True)
    warnings = len(done.findings) - done.errors
    typer.echo(f"{done.objects} objects: {done.errors} errors, {warnings} warnings", err=True)


app = alone(lint)
