"""How is a file read by HTTP? From where the last attempt ended, if the server can and still has the same content."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp

from andon.runtime.serve.fetch.stream import CHUNK, SILENCE, Stream

_TIMEOUT: Final = aiohttp.ClientTimeout(total=3600, sock_connect=5, sock_read=SILENCE)


@asynccontextmanager
async def opened(
    session: aiohttp.ClientSession, url: str, headers: dict[str, str], start: int, mark: str | None
) -> AsyncIterator[Stream]:
    """The content from start on, or all of it. mark: its ETag. Raises TimeoutError and OSError."""
    plain = headers | {"accept-encoding": "identity"}
    try:
        async with session.get(url, headers=plain | _rest(start, mark), timeout=_TIMEOUT) as response:
            if response.status != 416:
                yield _stream(response, start)
                return
        async with session.get(url, headers=plain, timeout=_TIMEOUT) as response:  # the file is shorter than what is here
            yield _stream(response, 0)
    except aiohttp.ClientError as error:
        raise OSError(_why(error)) from error


def _rest(start: int, mark: str | None) -> dict[str, str]:
    if not start:
        return {}
    return {"range": f"bytes={start}-"} | ({"if-range": mark} if mark else {})


def _stream(response: aiohttp.ClientResponse, start: int) -> Stream:
    response.raise_for_status()
    etag = response.headers.get("etag", "")
    resumed = response.status == 206 and response.headers.get("content-range", "").startswith(f"bytes {start}-")
    if response.status == 206 and not resumed:
        raise aiohttp.ClientPayloadError(f"another range came than asked for: {response.headers.get('content-range')!r}")
    mark = etag if etag.startswith('"') else None
    return Stream(start if resumed else 0, mark, response.content.iter_chunked(CHUNK))


def _why(error: aiohttp.ClientError) -> str:
    if isinstance(error, aiohttp.ClientResponseError):
        hint = "; set MLFLOW_TRACKING_URI and its credentials if this is MLflow" if error.status in {401, 403} else ""
        return f"the server answered {error.status} {error.message}{hint}"
    return str(error) or type(error).__name__
