"""`andon history`: what has become of a deployment?"""

from typing import Annotated

import typer

from andon.api.errors import UserError, nearest
from andon.cli.forms import Form, put
from andon.cli.options import Deployment, Kubeconfig, Namespace, alone
from andon.ports.terminal import ApiServer, current_namespace
from andon.watch.drawing import terminal
from andon.watch.family import name_of
from andon.watch.follow import once
from andon.watch.history import history as told
from andon.watch.history import table


def history(
    name: Deployment,
    *,
    namespace: Namespace = None,
    output: Annotated[Form, typer.Option("-o", "--output", help="How to print it; name: the decisions' ids.")] = Form.TEXT,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Revisions that answered, and decisions about them: on whose word, with which outcome and in which commit.

    For example: andon history product-e -n plant-a
    """
    file = str(kubeconfig) if kubeconfig else None
    where = namespace or current_namespace(file)
    snapshot = once(ApiServer(file), where)
    deployment = snapshot.named("ModelDeployment", name)
    if deployment is None:
        near = nearest(name, map(name_of, snapshot.of("ModelDeployment")))
        raise UserError(f"there is no modeldeployment {name} in namespace {where}{near}")
    events = told(snapshot, deployment)
    document = {"name": name, "namespace": where, "events": [event.as_json() for event in events]}
    match output:
        case Form.NAME:
            for event in events:
                if "id" in event.details:
                    typer.echo(event.details["id"])
        case Form.TEXT:
            terminal().print(table(events) if events else f"nothing has served at {name} yet, and nothing was decided")
        case _:
            put(document, output)


app = alone(history)
