"""An API server that takes a connection and says nothing must not hold a thread for ever."""

import asyncio
import socket
from pathlib import Path

import pytest
from kubernetes.client import ApiClient, Configuration

from andon.ports import cluster
from andon.ports.cluster import ClusterError, KubernetesCluster

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}}


async def test_a_silent_api_server_is_weather_from_the_first_question_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cluster, "_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        configuration = Configuration()
        configuration.host = f"http://127.0.0.1:{silent.getsockname()[1]}"
        writing = KubernetesCluster(lambda: ApiClient(configuration), tmp_path / "discovery.json")
        with pytest.raises(ClusterError, match="cannot be reached"):
            async with asyncio.timeout(5):
                await writing.apply(CONFIG_MAP, "test")
        await writing.close()
