"""How is a collector asked? One request for one JSON document; weather has one name."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from andon.runtime.serve.client import Client

WAIT: Final = 5
"""Seconds for which a collector may wait for something new."""


class CollectorError(Exception):
    """No answer this time; the message says why."""


async def ask(client: Client, url: str, asked: Mapping[str, str]) -> dict[str, Any]:
    """The document at an address of a collector. Raises CollectorError."""
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=WAIT + 15, sock_connect=5)
    try:
        async with client.session.get(url, params=asked, timeout=timeout) as response:
            body = await response.read()
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise CollectorError(f"{url}: {error or type(error).__name__}") from error
    if response.status != 200:
        raise CollectorError(f"{url}: the collector answered {response.status}: {body[:300].decode(errors='replace')}")
    try:
        document: dict[str, Any] = dict(orjson.loads(body))
    except (ValueError, TypeError) as error:
        raise CollectorError(f"{url}: the answer is not JSON: {error!r}") from error
    return document
