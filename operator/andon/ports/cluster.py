"""What is written to the Kubernetes API, and what became of it."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import urllib3.exceptions
from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import NotFoundError, ResourceNotFoundError

from andon.ports.guard import Guard, alone

if TYPE_CHECKING:
    from kubernetes.dynamic.resource import Resource

Manifest = dict[str, Any]
T = TypeVar("T")

_CONFLICT: Final = 409
_UNAUTHORIZED: Final = 401
_TIMEOUT: Final = 10.0


class ClusterError(Exception):
    """A write that did not happen. Try again later, with back-off."""


class ConflictError(ClusterError):
    """Somebody else changed the object since it was read: read again, decide again."""


class RefusedError(ClusterError):
    """The API server will not have it, however often it is sent: a missing right, or a field that its CRD does not know."""


class Cluster(Protocol):
    """Writes, mostly by server-side apply. Reading is the informers' part, but for what they do not watch."""

    async def apply(self, manifest: Manifest, manager: str) -> None:
        """Make the fields of this object so; fields of others stay. Raises ClusterError."""
        ...

    async def write_status(self, manifest: Manifest, manager: str) -> None:
        """Replace the status fields of this manager. metadata.resourceVersion, if given, must still hold. Raises ClusterError."""
        ...

    async def create(self, manifest: Manifest) -> None:
        """Make this object, unless there is one of its name. Raises ClusterError."""
        ...

    async def delete(self, manifest: Manifest) -> None:
        """Take this object away, if it is there. Raises ClusterError."""
        ...

    async def exists(self, manifest: Manifest) -> bool:
        """Whether there is an object of this kind and name, read from the API server itself. Raises ClusterError."""
        ...

    async def close(self) -> None:
        """Take no more, and wait for what is on its way."""
        ...


class KubernetesCluster:
    """The API server through the `kubernetes` dynamic client, in a few threads, each call with a time-out."""

    def __init__(
        self, connect: Callable[[], ApiClient], discovery_cache: Path, workers: int = 8, may_write: Guard = alone
    ) -> None:
        """Connects at the first write, and again when its credentials have run out. workers: calls under way at once."""
        self._connect = connect
        self._discovery_cache = discovery_cache
        self._may_write = may_write
        self._dynamic: DynamicClient | None = None
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="cluster")

    async def apply(self, manifest: Manifest, manager: str) -> None:
        """See Cluster."""
        await self._call(partial(self._apply, manifest, manager))

    async def write_status(self, manifest: Manifest, manager: str) -> None:
        """See Cluster."""
        await self._call(partial(self._write_status, manifest, manager))

    async def create(self, manifest: Manifest) -> None:
        """See Cluster."""
        with suppress(ConflictError):
            await self._call(partial(self._create, manifest))

    async def delete(self, manifest: Manifest) -> None:
        """See Cluster."""
        await self._call(partial(self._delete, manifest))

    async def exists(self, manifest: Manifest) -> bool:
        """See Cluster."""
        return await self._call(partial(self._exists, manifest))

    async def close(self) -> None:
        """See Cluster. Each call ends with its own time-out."""
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)

    def _apply(self, manifest: Manifest, manager: str) -> None:
        self._resource(manifest).server_side_apply(body=manifest, **_named(manifest), field_manager=manager, force_conflicts=True)

    def _write_status(self, manifest: Manifest, manager: str) -> None:
        self._resource(manifest).status.server_side_apply(
            body=manifest, **_named(manifest), field_manager=manager, force_conflicts=True
        )

    def _create(self, manifest: Manifest) -> None:
        self._resource(manifest).create(body=manifest, namespace=manifest["metadata"]["namespace"])

    def _delete(self, manifest: Manifest) -> None:
        try:
            self._resource(manifest).delete(**_named(manifest))
        except NotFoundError:
            return

    def _exists(self, manifest: Manifest) -> bool:
        try:
            self._resource(manifest).get(**_named(manifest))
        except NotFoundError:
            return False
        return True

    def _resource(self, manifest: Manifest) -> "Resource":
        if self._dynamic is None:
            client = bounded(self._connect(), self._may_write)
            self._dynamic = DynamicClient(client, cache_file=str(self._discovery_cache))
        return self._dynamic.resources.get(api_version=manifest["apiVersion"], kind=manifest["kind"])

    async def _call(self, write: Callable[[], T]) -> T:
        with answered():
            try:
                return await asyncio.get_running_loop().run_in_executor(self._threads, write)
            except ApiException as error:
                if error.status == _UNAUTHORIZED:
                    self._dynamic = None
                raise


def connect(kubeconfig: str | None = None) -> ApiClient:
    """A client for the given kubeconfig, or for the pod this runs in, or for the user's default context.

    Raises kubernetes.config.ConfigException when none of them is there.
    """
    if kubeconfig is not None:
        return config.new_client_from_config(config_file=kubeconfig)
    try:
        configuration = Configuration()
        config.load_incluster_config(client_configuration=configuration)
        return ApiClient(configuration)
    except config.ConfigException:
        return config.new_client_from_config()


def bounded(client: ApiClient, may_write: Guard = alone) -> ApiClient:
    """No wait without an end: the dynamic client itself asks for the kinds that there are without any time-out.

    may_write: asked at the last moment before each request that may change something.
    """
    ask = client.call_api

    def call_api(method: str, *args: Any, _request_timeout: float | None = None, **more: Any) -> Any:
        if method != "GET":
            may_write()
        return ask(method, *args, _request_timeout=_request_timeout or _TIMEOUT, **more)

    client.call_api = call_api
    client.rest_client.pool_manager.connection_pool_kw["retries"] = False  # who asks tries again, with back-off
    return client


@contextmanager
def answered() -> Iterator[None]:
    """What the library raises, as ClusterError."""
    try:
        yield
    except ApiException as error:
        raise _explained(error) from error
    except ResourceNotFoundError as error:
        raise ClusterError(f"the API server does not know this kind: {error}. Next: install the CRDs.") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise ClusterError(f"the API server cannot be reached: {type(error).__name__}") from error


def _named(manifest: Manifest) -> dict[str, str]:
    return {"name": manifest["metadata"]["name"], "namespace": manifest["metadata"]["namespace"]}


def _explained(error: ApiException) -> ClusterError:
    text = " ".join(str(error.body).split())[:500]
    if error.status == _CONFLICT:
        return ConflictError(text)
    # Server-side apply answers 500 to a field that the CRD does not know: no retry will help.
    if error.status in {400, 403, 405, 413, 422} or "field not declared in schema" in text:
        return RefusedError(f"the API server refuses ({error.status}): {text}")
    return ClusterError(f"the API server answered {error.status}: {text}")
