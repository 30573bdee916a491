"""A small asyncio client of the Kubernetes API: requests that fail with one exception, and collections kept up to date."""

import asyncio
import json
import logging
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

from andon.lab.node.kubeconfig import Access

Json = dict[str, Any]

WEATHER: Final = (aiohttp.ClientError, TimeoutError, OSError)
"""What a request raises when the API server is away or slow."""

_REQUEST = aiohttp.ClientTimeout(total=15)
_STREAM = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=100)  # bookmarks come about once a minute
_LARGEST_OBJECT = 4 * 2**20

log = logging.getLogger(__name__)


class ApiError(Exception):
    """The API server answered, and the answer is no. status: the HTTP code; reason: the API's own word, as `NotFound`."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status, self.reason, self.message = status, reason, message

    @classmethod
    def of(cls, status: int, body: Json) -> Self:
        """From a `Status` object."""
        return cls(int(body.get("code") or status), str(body.get("reason", "Unknown")), str(body.get("message", body)))


class Api:
    """One connection pool to one API server. Use as `async with Api(access) as api`.

    Every call raises ApiError when refused and one of WEATHER when there is no answer in 15 s.
    """

    def __init__(self, access: Access) -> None:
        self.access = access

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(ssl=self.access.tls(), limit=0)
        self._http = aiohttp.ClientSession(
            self.access.server, connector=connector, timeout=_REQUEST, read_bufsize=_LARGEST_OBJECT
        )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._http.close()

    async def get(self, path: str, **params: str) -> Json:
        """One object or list."""
        return await self._send("GET", path, params=params)

    async def create(self, path: str, body: Json) -> Json:
        """POST to a collection or a subresource such as `token`."""
        return await self._send("POST", path, body=body)

    async def apply(self, path: str, body: Json, *, manager: str) -> Json:
        """Server-side apply with force. It is a write in the audit log even if nothing changes: compare before calling."""
        params = {"fieldManager": manager, "force": "true"}
        return await self._send("PATCH", path, body=body, params=params, content_type="application/apply-patch+yaml")

    async def patch(self, path: str, body: Json) -> Json:
        """JSON merge patch."""
        return await self._send("PATCH", path, body=body, content_type="application/merge-patch+json")

    async def delete(self, path: str, *, uid: str | None = None, grace: int | None = None) -> None:
        """Delete, if it is still the object with this uid; what is already gone is not an error."""
        body: Json = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid} if uid else None}
        try:
            await self._send("DELETE", path, body=body | ({"gracePeriodSeconds": grace} if grace is not None else {}))
        except ApiError as error:
            if error.status not in {404, 409}:
                raise

    async def stream(self, path: str, params: Mapping[str, str]) -> AsyncIterator[Json]:
        """The events of a watch, until the server ends it."""
        async with self._http.get(path, params=params, headers=self._headers(), timeout=_STREAM) as response:
            if response.status != 200:
                raise ApiError.of(response.status, await _body(response))
            async for line in response.content:
                yield json.loads(line)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        body: Json | None = None,
        params: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Json:
        headers = self._headers() | {"Content-Type": content_type}
        data = None if body is None else json.dumps(body)
        async with self._http.request(method, path, params=params, data=data, headers=headers) as response:
            answer = await _body(response)
            if response.status >= 400:
                raise ApiError.of(response.status, answer)
            return answer

    def _headers(self) -> dict[str, str]:
        token = self.access.bearer()
        return {"Authorization": f"Bearer {token}"} if token else {}


@dataclass(frozen=True, slots=True)
class Change:
    """An object as it is now, or as it was last seen before it went."""

    object: Json
    gone: bool = False


class Watch:
    """One collection, mirrored: `objects` by uid, and `changes` that say which one moved.

    A change that was missed while the API server was away is found by listing again: what vanished is told as gone.
    """

    def __init__(self, api: Api, path: str, **selectors: str) -> None:
        self.objects: dict[str, Json] = {}
        self.listed = asyncio.Event()
        self._api, self._path, self._selectors = api, path, selectors
        self._version: str | None = None

    async def changes(self) -> AsyncIterator[Change]:
        """Every change from the first list on, for ever; waits out bad weather."""
        pause = 0.2
        while True:
            try:
                if self._version is None:
                    for change in await self._list():
                        yield change
                    self.listed.set()
                async for change in self._stream():
                    yield change
                pause = 0.2
            except ApiError as error:
                log.log(logging.DEBUG if error.status == 410 else logging.WARNING, "watching %s: %s", self._path, error)
                self._version = None
            except WEATHER as error:
                log.debug("watching %s: %r", self._path, error)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  jitter, not a secret
            pause = min(pause * 2, 10)

    async def _list(self) -> list[Change]:
        answer = await self._api.get(self._path, **self._selectors)
        kind = str(answer["kind"]).removesuffix("List")
        items = {item["metadata"]["uid"]: {"apiVersion": answer["apiVersion"], "kind": kind} | item for item in answer["items"]}
        gone = [Change(old, gone=True) for uid, old in self.objects.items() if uid not in items]
        self.objects, self._version = items, answer["metadata"]["resourceVersion"]
        return gone + [Change(item) for item in items.values()]

    async def _stream(self) -> AsyncIterator[Change]:
        params = {"watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": "280", "resourceVersion": self._version or ""}
        async for event in self._api.stream(self._path, params | self._selectors):
            item = event["object"]
            if event["type"] == "ERROR":
                raise ApiError.of(500, item)
            self._version = item["metadata"]["resourceVersion"]
            if event["type"] == "DELETED":
                self.objects.pop(item["metadata"]["uid"], None)
                yield Change(item, gone=True)
            elif event["type"] != "BOOKMARK":
                self.objects[item["metadata"]["uid"]] = item
                yield Change(item)


async def _body(response: aiohttp.ClientResponse) -> Json:
    text = await response.text()
    try:
        return dict(json.loads(text))
    except ValueError:
        return {"code": response.status, "reason": response.reason or "Unknown", "message": text[:500]}
