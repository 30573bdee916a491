"""`andon operator`: reads its configuration, wires everything, runs until it is told to stop."""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import kopf
from aiohttp import web
from prometheus_client import generate_latest
from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from andon.api.config import OperatorConfig
from andon.api.types import seconds
from andon.controllers.committer import Committer
from andon.controllers.datasource import DataSourceController
from andon.controllers.deployment import DeploymentController
from andon.controllers.herald import Herald
from andon.controllers.pipeline import PipelineController
from andon.controllers.policy import PolicyController
from andon.controllers.queue import KeyedQueue
from andon.controllers.reconciler import Outside, Reconciler
from andon.controllers.telemetry import Pulse, Telemetry
from andon.controllers.wiring import Wiring
from andon.ports.clock import SystemClock
from andon.ports.cluster import KubernetesCluster, connect
from andon.ports.events import KubernetesEvents
from andon.ports.metrics import PrometheusMetrics
from andon.ports.registry import MlflowRegistry
from andon.ports.repository import GitRepository
from andon.ports.webhook import HttpWebhook

log = logging.getLogger("andon")


def main(argv: list[str]) -> int:
    """Exit code 0 when told to stop, 2 for a configuration or an address that cannot be used."""
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
    Path(config.cache_dir).mkdir(parents=True, exist_ok=True)
    try:
        asyncio.run(run(config, options.listen))
    except ListenError as error:
        log.error("%s", error)  # noqa: TRY400 - one line for a person, who has no use for a traceback
        return 2
    return 0


class ListenError(Exception):
    """The address of --listen cannot be used."""


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
    """Everything, until SIGTERM or SIGINT. Raises ListenError."""
    stop, ready = asyncio.Event(), asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    wiring = Wiring()
    telemetry = Telemetry(lambda: wiring.queues, lambda: wiring.informer.everywhere("DriftPolicy"))
    outside = _outside(config, wiring, telemetry)
    committer = Committer(outside.repository, wiring.look_again_at_deployment)
    wiring.queues = {
        kind: KeyedQueue(kind, telemetry.timed(kind, controller.reconcile))
        for kind, controller in _controllers(outside, committer, telemetry).items()
    }
    health = await serve_health(listen, ready, wiring.pulse, telemetry)
    registry = kopf.OperatorRegistry()
    wiring.informer.wire(registry)
    try:
        await kopf.operator(registry=registry, clusterwide=True, standalone=True, stop_flag=stop, ready_flag=ready)
    finally:
        await asyncio.gather(committer.close(), *(queue.close() for queue in wiring.queues.values()))
        await outside.herald.close()
        await health.cleanup()


def _outside(config: OperatorConfig, wiring: Wiring, telemetry: Telemetry) -> Outside:
    """The real ports."""
    cache, told = Path(config.cache_dir), config.notifications
    cluster = KubernetesCluster(lambda: connect(os.environ.get("KUBECONFIG")), cache / "discovery.json")
    webhook = HttpWebhook(told.webhook, seconds(told.timeout)) if told.webhook else None
    return Outside(
        config=config,
        informer=wiring.informer,
        cluster=cluster,
        metrics=PrometheusMetrics(config.prometheus),
        registry=MlflowRegistry(config.mlflow),
        repository=GitRepository(cache / "git"),
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


async def serve_health(listen: str, ready: asyncio.Event, pulse: Pulse, telemetry: Telemetry) -> web.AppRunner:
    """`/healthz`: the cluster is heard and reconciles end. `/readyz`: Kopf has started. `/metrics`: for Prometheus."""

    async def healthz(_: web.Request) -> web.Response:
        trouble = pulse.trouble()
        if trouble is not None:
            return web.Response(status=503, text=f"{trouble}\n")
        return web.Response(text=f"ok, {pulse.watches} watches\n")

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text=generate_latest(telemetry.registry).decode(), content_type="text/plain")

    async def readyz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n") if ready.is_set() else web.Response(status=503, text="starting\n")

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    host, _, port = listen.rpartition(":")
    try:
        await web.TCPSite(runner, host, int(port)).start()
    except (OSError, OverflowError, ValueError) as error:
        await runner.cleanup()
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ListenError(f"--listen {listen}: {why}. Give another HOST:PORT, or stop what listens there.") from error
    return runner
