"""What does the API server know of this server? One object to watch, one key of another to write; nothing else is asked of it."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
import orjson

from andon.api.slots import SLOTS_KEY, Ack
from andon.runtime.serve.slots.access import Access, ClusterError

log = logging.getLogger(__name__)

LONGEST_WATCH: Final = 240
LARGEST_EVENT: Final = 4 << 20
FIRST_RETRY: Final = 0.2
LAST_RETRY: Final = 15.0
_WATCH_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=LONGEST_WATCH + 15)
_ANSWER_TIMEOUT: Final = aiohttp.ClientTimeout(total=10, sock_connect=5)


class Cluster:
    """The ConfigMaps NAME-slots and NAME-acks of one deployment."""

    def __init__(self, session: aiohttp.ClientSession, access: Access, namespace: str, name: str, pod: str) -> None:
        self._session = session
        self._access = access
        self._tls = access.tls()
        self.source = f"configmap {name}-slots in namespace {namespace}"
        self._url = f"{access.server}/api/v1/namespaces/{namespace}/configmaps"
        self._name = name
        self._pod = pod

    async def orders(self) -> AsyncIterator[str]:
        """The text of slots.json, now and at each change, for ever. The API server away is borne and tried again."""
        clock, wait = asyncio.get_running_loop().time, FIRST_RETRY
        while True:
            begun = clock()
            try:
                async for found in self._states():
                    if text := (found.get("data") or {}).get(SLOTS_KEY):
                        yield text
                await asyncio.sleep(FIRST_RETRY)  # one who ends every watch at once is not asked without a pause
            except (ClusterError, aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError) as error:
                wait = FIRST_RETRY if clock() - begun > LAST_RETRY else wait
                pause = random.uniform(wait / 2, wait)  # noqa: S311 - jitter, no secret
                log.warning("watch of %s-slots: %s; again in %.1f s", self._name, error or type(error).__name__, pause)
                await asyncio.sleep(pause)
                wait = min(2 * wait, LAST_RETRY)

    async def _states(self) -> AsyncIterator[dict[str, Any]]:
        """The object as it is, and as it becomes until the API server ends the watch. Raises ClusterError and weather.

        Listed first, always: not every API server begins a watch with what there is, and one that no longer has the changes
        since some version (410) has the object itself.
        """
        async with self._asked(_ANSWER_TIMEOUT) as response:
            listed = await response.json()
        for found in listed["items"]:
            yield found
        since = {"watch": "1", "resourceVersion": listed["metadata"]["resourceVersion"], "timeoutSeconds": str(LONGEST_WATCH)}
        async with self._asked(_WATCH_TIMEOUT, **since) as response:
            async for line in _lines(response.content):
                event = orjson.loads(line)
                if event["type"] == "ERROR":
                    raise ClusterError(str(event["object"].get("message")))
                if event["type"] in {"ADDED", "MODIFIED"}:
                    yield event["object"]

    @asynccontextmanager
    async def _asked(self, timeout: aiohttp.ClientTimeout, **params: str) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a question about the one object. Raises ClusterError and weather."""
        params["fieldSelector"] = f"metadata.name={self._name}-slots"
        headers = self._access.headers()
        async with self._session.get(self._url, params=params, headers=headers, ssl=self._tls, timeout=timeout) as response:
            if response.status != 200:
                raise ClusterError(f"{response.status}: {(await response.text())[:300]}")
            yield response

    async def acknowledge(self, ack: Ack) -> None:
        """Write this pod's key of NAME-acks, by server-side apply. Raises ClusterError."""
        body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"{self._name}-acks"},
            "data": {self._pod: ack.model_dump_json(by_alias=True)},
        }
        params = {"fieldManager": f"andon-serve/{self._pod}", "force": "true"}
        headers = self._access.headers() | {"content-type": "application/apply-patch+yaml"}
        url = f"{self._url}/{self._name}-acks"
        try:
            async with self._session.patch(
                url, params=params, data=orjson.dumps(body), headers=headers, ssl=self._tls, timeout=_ANSWER_TIMEOUT
            ) as response:
                if response.status not in {200, 201}:
                    raise ClusterError(f"{response.status}: {(await response.text())[:300]}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ClusterError(str(error) or type(error).__name__) from error


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Whole lines of a stream, however long. Raises ClusterError on one that is too long to be an event."""
    rest = b""
    async for chunk in content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line:
                yield line
        if len(rest) > LARGEST_EVENT:
            raise ClusterError(f"an event is larger than {LARGEST_EVENT} bytes")
