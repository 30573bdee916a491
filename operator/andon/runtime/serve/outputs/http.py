"""How do predictions reach a web service? By POST, a batch at a time; 2xx means that it has them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
import orjson

from andon.runtime.serve.outputs.secrets import Secret
from andon.runtime.serve.outputs.senders import Message, OutputError, Send

_TIMEOUT: Final = aiohttp.ClientTimeout(total=10, sock_connect=5)


class Service:
    """An address, and the Secret with its token if it needs one."""

    most = 500

    def __init__(self, url: str, secret: Secret | None, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._secret = secret
        self._session = session

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Send]:
        """See Sender. Each batch is a request of its own; the session keeps the connection."""
        yield self._post

    async def _post(self, batch: Sequence[Message]) -> None:
        """Raises OutputError."""
        headers, trust = {"content-type": "application/json"}, None
        if self._secret:
            headers["authorization"], trust = f"Bearer {self._secret.needed('token')}", self._secret.trust()
        body = orjson.dumps({"predictions": batch})
        try:
            async with self._session.post(
                self._url, data=body, headers=headers, ssl=trust or True, timeout=_TIMEOUT, allow_redirects=False
            ) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise OutputError(f"{_shown(self._url)}: {_why(error)}") from None
        if not 200 <= status < 300:
            raise OutputError(f"{_shown(self._url)}: it answered {status}")


def _shown(url: str) -> str:
    """Without its query, which may hold a key."""
    return url.partition("?")[0]


def _why(error: Exception) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
