"""`andon operator`: reads its configuration, wires everything, runs until it is told to stop."""

import argparse
import asyncio
import logging
import os
import secrets
import signal
import socket
import sys
from pathlib import Path
from typing import Any, Final

import kopf
from kubernetes.client import ApiClient
from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from andon.api.config import LeaderElection, OperatorConfig
from andon.api.types import seconds
from andon.controllers.committer import Committer
from andon.controllers.datasource import DataSourceController
from andon.controllers.deployment import DeploymentController
from andon.controllers.health import Health, ListenError, Work
from andon.controllers.herald import Herald
from andon.controllers.leader import Candidate
from andon.controllers.pipeline import PipelineController
from andon.controllers.policy import PolicyController
from andon.controllers.queue import KeyedQueue
from andon.controllers.reconciler import Outside, Reconciler
from andon.controllers.telemetry import Telemetry
from andon.controllers.wiring import Wiring
from andon.ports.clock import SystemClock
from andon.ports.cluster import KubernetesCluster, connect
from andon.ports.events import KubernetesEvents
from andon.ports.git.repository import GitRepository
from andon.ports.guard import Guard, alone
from andon.ports.lease import KubernetesLease
from andon.ports.metrics import PrometheusMetrics
from andon.ports.registry import MlflowRegistry
from andon.ports.webhook import HttpWebhook

log = logging.getLogger("andon")

_NAMESPACE: Final = "ANDON_NAMESPACE"
_ACTORS: Final = ("ModelDeployment", "TrainingPipeline", "DataSource")


def main(argv: list[str]) -> int:
    """Exit code 0 when told to stop, 2 for a configuration or an address that cannot be used; `leader` ends it with 75."""
    parser = argparse.ArgumentParser(prog="andon operator", description="Run the operator.")
    parser.add_argument("--config", type=Path, default=Path("/etc/andon/andon.yaml"), help="the operator's configuration")
    parser.add_argument("--listen", default="0.0.0.0:8081", help="HOST:PORT of health, readiness and metrics")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stdout)
    logging.getLogger("kopf").setLevel(logging.WARNING)
    config = read_config(options.config)
    if isinstance(config, str):
        log.error("%s", config)
        return 2
    if config.leader_election.enabled and not os.environ.get(_NAMESPACE):
        log.error("%s: leaderElection: set %s to the namespace that this runs in.", options.config, _NAMESPACE)
        return 2
    Path(config.cache_dir).mkdir(parents=True, exist_ok=True)
    try:
        asyncio.run(run(config, options.listen))
    except ListenError as error:
        log.error("%s", error)  # noqa: TRY400 - one line for a person, who has no use for a traceback
        return 2
    return 0


def read_config(path: Path) -> OperatorConfig | str:
    """The configuration, or in one line what is wrong with it."""
    try:
        return OperatorConfig.model_validate(YAML(typ="safe").load(path.read_text(encoding="utf-8")))
    except OSError as error:
        return f"{path}: cannot be read: {error.strerror}. Give the configuration with --config FILE."
    except YAMLError as error:
        return f"{path}: is not YAML: {' '.join(str(error).split())}"
    except ValidationError as error:
        first = error.errors()[0]
        return f"{path}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


async def run(config: OperatorConfig, listen: str) -> None:
    """Stand by until it is this operator's turn, then everything, until SIGTERM or SIGINT. Raises ListenError.

    One that fails leaves its Lease to run out: nobody knows what of it may still write.
    """
    stop = asyncio.Event()
    candidate = _candidate(config.leader_election) if config.leader_election.enabled else None
    health = Health(lambda: candidate.trouble if candidate else "starting")
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    pages = await health.serve(listen)
    try:
        if candidate is None:
            await operate(config, health, stop, alone)
        elif held := await candidate.elected(stop):
            await operate(config, health, stop, held.check)
            await held.give_back()
    finally:
        await pages.cleanup()


async def operate(config: OperatorConfig, health: Health, stop: asyncio.Event, may_write: Guard) -> None:
    """Watch, decide and act until told to stop; at the end nothing of it writes any more."""
    wiring, ready = Wiring(), asyncio.Event()
    telemetry = Telemetry(
        lambda: wiring.queues,
        lambda: wiring.informer.everywhere("DriftPolicy"),
        lambda: (obj for kind in _ACTORS for obj in wiring.informer.everywhere(kind)),
    )
    outside = _outside(config, wiring, telemetry, may_write)
    committer = Committer(outside.repository, wiring.look_again_at_deployment)
    wiring.queues = {
        kind: KeyedQueue(kind, telemetry.timed(kind, controller.reconcile))
        for kind, controller in _controllers(outside, committer, telemetry).items()
    }
    health.begins(Work(wiring.pulse, telemetry, ready))
    registry = kopf.OperatorRegistry()
    wiring.informer.wire(registry)

    async def stopping(**_: object) -> None:
        """Kopf takes the signals over, and at the end waits 5 s for its own task that waits for this flag."""
        stop.set()

    kopf.on.cleanup(registry=registry)(stopping)
    try:
        await kopf.operator(registry=registry, clusterwide=True, standalone=True, stop_flag=stop, ready_flag=ready)
    finally:
        await asyncio.gather(committer.close(), *(queue.close() for queue in wiring.queues.values()))
        await outside.herald.close()
        await outside.cluster.close()


def _candidate(election: LeaderElection) -> Candidate:
    """For the Lease of the namespace that this runs in, under a name that no process had before."""
    lease = KubernetesLease(_connect, os.environ[_NAMESPACE], election.lease)
    return Candidate(lease, f"{socket.gethostname()}_{secrets.token_hex(4)}")


def _connect() -> ApiClient:
    return connect(os.environ.get("KUBECONFIG"))


def _outside(config: OperatorConfig, wiring: Wiring, telemetry: Telemetry, may_write: Guard) -> Outside:
    """The real ports."""
    cache, told = Path(config.cache_dir), config.notifications
    cluster = KubernetesCluster(_connect, cache / "discovery.json", may_write=may_write)
    webhook = HttpWebhook(told.webhook, seconds(told.timeout), may_write) if told.webhook else None
    return Outside(
        config=config,
        informer=wiring.informer,
        cluster=cluster,
        metrics=PrometheusMetrics(config.prometheus),
        registry=MlflowRegistry(config.mlflow, may_write),
        repository=GitRepository(
            cache / "git",
            secrets=Path(config.secrets_dir),
            pulls_per_day=config.limits.pull_branches_per_day,
            may_write=may_write,
        ),
        herald=Herald(KubernetesEvents(cluster, socket.gethostname()), webhook, telemetry.lost),
        clock=SystemClock(),
    )


def _controllers(outside: Outside, committer: Committer, telemetry: Telemetry) -> dict[str, Reconciler[Any, Any, Any, Any]]:
    return {
        "DataSource": DataSourceController(outside),
        "TrainingPipeline": PipelineController(outside),
        "ModelDeployment": DeploymentController(outside, committer),
        "DriftPolicy": PolicyController(outside, telemetry),
    }
