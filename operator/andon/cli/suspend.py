"""`andon suspend` and `resume`: leave an object alone, and no longer."""

from pathlib import Path
from typing import Annotated

import typer

from andon.cli.forms import Form, Output
from andon.cli.options import AnyObject, Kubeconfig, Namespace, alone
from andon.cli.steer import carry_out
from andon.cli.usage import understood
from andon.ports.terminal import ApiServer
from andon.steer.said import Said
from andon.steer.suspend import in_checkout, in_cluster
from andon.watch.cluster import reference

Checkout = Annotated[
    Path | None, typer.Option("--in", metavar="CHECKOUT", help="Change the line in this folder or file, to be committed.")
]
Anyway = Annotated[bool, typer.Option("--anyway", help="Patch it in the cluster though a syncer will take that back.")]


def suspend(
    name: AnyObject,
    *,
    checkout: Checkout = None,
    anyway: Anyway = False,
    namespace: Namespace = None,
    output: Output = Form.TEXT,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Leave it as it is and do nothing, until it is resumed.

    What Argo CD or Flux applies is suspended in git: this says so, and with --in changes the line in your checkout.

    For example: andon suspend product-e -n plant-a --in ~/plant-a
    """
    _set(name, True, checkout, anyway, namespace, output, kubeconfig)


def resume(
    name: AnyObject,
    *,
    checkout: Checkout = None,
    anyway: Anyway = False,
    namespace: Namespace = None,
    output: Output = Form.TEXT,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Go on with what was suspended.

    For example: andon resume dpol/product-e -n plant-a
    """
    _set(name, False, checkout, anyway, namespace, output, kubeconfig)


def _set(  # noqa: PLR0917 - the options of a command line, passed on
    name: str, wanted: bool, checkout: Checkout, anyway: bool, namespace: Namespace, output: Form, kubeconfig: Kubeconfig
) -> None:
    with understood("NAME"):
        reference(name)

    def do(api: ApiServer, where: str) -> Said:
        return (
            in_checkout(api, where, name, wanted, checkout) if checkout else in_cluster(api, where, name, wanted, anyway=anyway)
        )

    carry_out(do, namespace, output, kubeconfig)


suspend_app, resume_app = alone(suspend), alone(resume)
