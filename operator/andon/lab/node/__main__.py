"""`python -m andon.lab.node`: one process node, until SIGTERM."""

import argparse
from pathlib import Path

from andon.lab.node import images, kubeconfig
from andon.lab.node.addresses import Addresses
from andon.lab.node.api import Api
from andon.lab.node.guard import Guard
from andon.lab.node.node import Node
from andon.lab.node.pod import Host
from andon.lab.node.registration import Registration
from andon.lab.node.services import Services
from andon.lab.node.signals import run_until_stopped


def main() -> None:
    """Parses the command line and runs; a bad argument is told in one line."""
    parser = argparse.ArgumentParser(prog="python -m andon.lab.node", description=__doc__)
    parser.add_argument("--name", required=True, help="name of the Node object")
    parser.add_argument(
        "--kubeconfig", required=True, type=Path, help="the node's own: user system:node:NAME in group system:nodes"
    )
    parser.add_argument("--tier", required=True, choices=["edge", "cloud"], help="value of the label andon.dev/tier")
    parser.add_argument("--network", required=True, help="the lab's loopback network, as 127.55")
    parser.add_argument(
        "--pod-range", required=True, help="the third numbers of this node's addresses, as 10-19; no other node's"
    )
    parser.add_argument("--state", required=True, type=Path, help="this node's own folder: logs, volumes")
    parser.add_argument("--images", type=Path, help="YAML or JSON: more images and their commands")
    parser.add_argument(
        "--restart-base", type=float, default=10, help="seconds of the first back-off (default 10, as the kubelet)"
    )
    parser.add_argument(
        "--service-wait", type=float, default=30, help="seconds to wait for Services that a pod names (default 30)"
    )
    arguments = parser.parse_args()
    try:
        table = images.load(arguments.images) if arguments.images else images.DEFAULTS
        addresses = Addresses(arguments.network, *_range(arguments.pod_range))
        access = kubeconfig.load(arguments.kubeconfig)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    run_until_stopped(_run(arguments, table, addresses, access))


def _range(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    if not (first.isdigit() and (last or first).isdigit()):
        raise ValueError(f"--pod-range {text!r}: expected one number or two, as 10-19")
    return int(first), int(last or first)


async def _run(arguments: argparse.Namespace, table: images.Images, addresses: Addresses, access: kubeconfig.Access) -> None:
    name, guard = arguments.name, Guard()
    try:
        async with Api(access) as api:
            state = arguments.state.resolve()
            host = Host(api, table, state, addresses, Services(api), guard, arguments.restart_base, arguments.service_wait)
            await Node(name, host, Registration(api, name, arguments.tier, addresses.node)).run()
    finally:
        guard.close()


if __name__ == "__main__":
    main()
