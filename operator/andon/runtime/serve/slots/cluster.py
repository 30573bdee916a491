"""What does the API server know of this server? One object to watch, one key of another to write; nothing else is asked of it."""

import asyncio
import logging
from collections.abc import AsyncIterator
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
_WRITE_TIMEOUT: Final = aiohttp.ClientTimeout(total=10, sock_connect=5)


class Cluster:
    """The ConfigMaps NAME-slots and NAME-acks of one deployment."""

    def __init__(self, session: aiohttp.ClientSession, access: Access, namespace: str, name: str, pod: str) -> None:
        self._session = session
        self._access = access
        self._tls = access.tls()
        self._url = f"{access.server}/api/v1/namespaces/{namespace}/configmaps"
        self._name = name
        self._pod = pod

    async def orders(self) -> AsyncIterator[str]:
        """The text of slots.json, now and at each change, for ever. The API server away is borne and tried again."""
        wait = FIRST_RETRY
        while True:
            try:
                async for event in self._watch():
                    wait = FIRST_RETRY
                    text = (event["object"].get("data") or {}).get(SLOTS_KEY)
                    if event["type"] in {"ADDED", "MODIFIED"} and text:
                        yield text
                await asyncio.sleep(FIRST_RETRY)  # one who ends every watch at once is not asked without a pause
            except (ClusterError, aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError) as error:
                log.warning("watch of %s-slots: %s; again in %.1f s", self._name, error or type(error).__name__, wait)
                await asyncio.sleep(wait)
                wait = min(2 * wait, LAST_RETRY)

    async def _watch(self) -> AsyncIterator[dict[str, Any]]:
        """Events of one watch, the object as it is first, until the server ends it. Raises ClusterError and weather."""
        params = {
            "watch": "1",
            "fieldSelector": f"metadata.name={self._name}-slots",
            "sendInitialEvents": "true",
            "resourceVersionMatch": "NotOlderThan",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(LONGEST_WATCH),
        }
        async with self._session.get(
            self._url, params=params, headers=self._access.headers(), ssl=self._tls, timeout=_WATCH_TIMEOUT
        ) as response:
            if response.status != 200:
                raise ClusterError(f"{response.status}: {(await response.text())[:300]}")
            async for line in _lines(response.content):
                event = orjson.loads(line)
                if event["type"] == "ERROR":
                    raise ClusterError(str(event["object"].get("message")))
                yield event

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
                url, params=params, data=orjson.dumps(body), headers=headers, ssl=self._tls, timeout=_WRITE_TIMEOUT
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
