"""`python -m andon.lab.node.shared`: what the nodes of one lab share, until SIGTERM: Service addresses and volumes."""

import argparse
import asyncio
from pathlib import Path

from andon.lab.node import kubeconfig
from andon.lab.node.api import Api
from andon.lab.node.forwarder import Forwarder
from andon.lab.node.provisioner import Provisioner
from andon.lab.node.signals import run_until_stopped


def main() -> None:
    """Parses the command line and runs; a bad argument is told in one line."""
    parser = argparse.ArgumentParser(prog="python -m andon.lab.node.shared", description=__doc__)
    parser.add_argument("--kubeconfig", required=True, type=Path, help="may read Services and pods, and write PersistentVolumes")
    parser.add_argument("--volumes", required=True, type=Path, help="folder in which each claim gets one")
    arguments = parser.parse_args()
    try:
        access = kubeconfig.load(arguments.kubeconfig)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    run_until_stopped(_run(access, arguments.volumes.resolve()))


async def _run(access: kubeconfig.Access, volumes: Path) -> None:
    async with Api(access) as api, asyncio.TaskGroup() as tasks:
        tasks.create_task(Forwarder(api).run())
        tasks.create_task(Provisioner(api, volumes).run())


if __name__ == "__main__":
    main()
