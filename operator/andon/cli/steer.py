"""`andon approve`, `reject`, `pin`, `unpin`, `promote`, `abort`: a person says what is to be done."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from andon.api import API_VERSION
from andon.api.exits import Exit
from andon.cli import completion
from andon.cli.forms import Form, Output, put, put_names
from andon.cli.options import Deployment, Kubeconfig, Namespace, alone
from andon.cli.usage import understood
from andon.ports.terminal import ApiServer, current_namespace
from andon.steer import answers, rollout
from andon.steer.said import Said

Question = Annotated[
    str,
    typer.Argument(
        metavar="DECISION",
        help="Id of a decision (d-…) or of a step (r-…), as conditions and events name it.",
        autocompletion=completion.answerable,
    ),
]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="Its number.", autocompletion=completion.versions)]
Named = Annotated[
    str | None, typer.Argument(metavar="[VERSION]", help="To be sure: it must be the one that git names, which is the default.")
]
Undo = Annotated[bool, typer.Option("--undo", help="Take the word back.")]


def approve(
    decision: Question, *, namespace: Namespace = None, output: Output = Form.TEXT, kubeconfig: Kubeconfig = None
) -> None:
    """Let it be done: a decision is carried out, a step of a rollout may end.

    For example: andon approve d-7f3a91c2de -n plant-a
    """
    carry_out(lambda api, where: answers.approve(api, where, decision), namespace, output, kubeconfig)


def reject(decision: Question, *, namespace: Namespace = None, output: Output = Form.TEXT, kubeconfig: Kubeconfig = None) -> None:
    """Let it not be done: a decision stays without effect, the version of a step leaves its rollout.

    For example: andon reject d-7f3a91c2de -n plant-a
    """
    carry_out(lambda api, where: answers.reject(api, where, decision), namespace, output, kubeconfig)


def pin(
    name: Deployment,
    version: Version,
    *,
    wait: Annotated[int, typer.Option(min=0, max=600, help="Seconds that the operator has to answer; 0: do not ask it.")] = 10,
    namespace: Namespace = None,
    output: Output = Form.TEXT,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Serve this version, whatever git or a policy says: how to undo, at once.

    For example: andon pin product-e 3 -n plant-a
    """

    def do(api: ApiServer, where: str) -> Said:
        with understood("VERSION"):
            rollout.check(version)
        return rollout.pin(api, where, name, version, wait)

    carry_out(do, namespace, output, kubeconfig)


def unpin(name: Deployment, *, namespace: Namespace = None, output: Output = Form.TEXT, kubeconfig: Kubeconfig = None) -> None:
    """Let git and policies count again.

    For example: andon unpin product-e -n plant-a
    """
    carry_out(lambda api, where: rollout.unpin(api, where, name), namespace, output, kubeconfig)


def promote(
    name: Deployment,
    version: Named = None,
    *,
    undo: Undo = False,
    namespace: Namespace = None,
    output: Output = Form.TEXT,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Serve the version that git names now, its remaining steps skipped.

    For example: andon promote product-e -n plant-a
    """
    word = partial(rollout.undo, word="promote") if undo else partial(rollout.promote, version=version)
    carry_out(lambda api, where: word(api, where, name), namespace, output, kubeconfig)


def abort(
    name: Deployment,
    version: Named = None,
    *,
    undo: Undo = False,
    namespace: Namespace = None,
    output: Output = Form.TEXT,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Take the version that git names out of its rollout; what serves stays.

    For example: andon abort product-e -n plant-a
    """
    word = partial(rollout.undo, word="abort") if undo else partial(rollout.abort, version=version)
    carry_out(lambda api, where: word(api, where, name), namespace, output, kubeconfig)


def carry_out(do: Callable[[ApiServer, str], Said], namespace: Namespace, output: Form, kubeconfig: Kubeconfig) -> None:
    """Say it where the person is, show what became of it, and end with its exit code. do: given the namespace."""
    file = str(kubeconfig) if kubeconfig else None
    said = do(ApiServer(file), namespace or current_namespace(file))
    _show(said, output)
    raise typer.Exit(said.exit)


def _show(said: Said, output: Form) -> None:
    """The object for a program, a sentence for a person."""
    metadata = {key: value for key, value in said.object["metadata"].items() if key != "managedFields"}
    document = {**said.object, "apiVersion": API_VERSION, "metadata": metadata}
    match output:
        case Form.NAME:
            put_names([(document["kind"], metadata["name"])])
        case Form.TEXT:
            typer.echo(said.text, err=said.exit is not Exit.OK)
        case _:
            put(document, output)
    if output is not Form.TEXT and said.exit is not Exit.OK:
        typer.echo(said.text, err=True)


approve_app, reject_app = alone(approve), alone(reject)
pin_app, unpin_app, promote_app, abort_app = alone(pin), alone(unpin), alone(promote), alone(abort)
