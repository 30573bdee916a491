"""How a library that blocks is called: few at a time, never waited for beyond a limit, its failures told apart.

Both Prometheus' and MLflow's clients speak HTTP through ``requests``, so the weather between is the same for both.
"""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from andon.api.missing import Missing

T = TypeVar("T")


class Blocking:
    """Threads for one service. service: as messages name it. url: where it is. timeout: seconds, for waiting and asking together.

    A call that outlives its time-out keeps its thread until the library gives up, so that a hanging service ties up
    `workers` threads at most; who finds none free in time gets the time-out too.
    """

    def __init__(self, service: str, url: str, *, workers: int, timeout: float, hide_path: bool = False) -> None:
        """hide_path: where the path itself is a secret, as with many webhooks."""
        self.where = f"{service} at {without_secrets(url, path=not hide_path)}"
        self._timeout = timeout
        self._free = asyncio.Semaphore(workers)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix=service)

    async def call(self, ask: Callable[[], T], within: float | None = None) -> T | Missing:
        """What `ask` returns, or what kept it from returning. Exceptions that are not weather pass through."""
        limit = within or self._timeout
        try:
            async with asyncio.timeout(limit):
                await self._free.acquire()
                running = asyncio.get_running_loop().run_in_executor(self._threads, ask)
                running.add_done_callback(self._ended)
                return await asyncio.shield(running)
        except TimeoutError:
            return self._too_late(limit)
        except requests.RequestException as error:
            return self.missing(error)

    def _ended(self, call: "asyncio.Future[Any]") -> None:
        """Frees the place. What a call nobody waits for any more came to is no news: its caller was told of the time-out."""
        self._free.release()
        if not call.cancelled():
            call.exception()

    def missing(self, error: requests.RequestException) -> Missing:
        """The library's exception as a fact. Its own text is left out: it may hold the whole URL."""
        response = error.response
        if response is not None:
            return self.answered(response.status_code, response.text)
        if isinstance(error, requests.Timeout) or _was_late(error):
            return Missing(
                "Timeout", f"{self.where} did not answer within {self._timeout:g} s. Next: see whether it is overloaded."
            )
        if isinstance(error, requests.JSONDecodeError):
            return Missing(
                "Malformed", f"{self.where} did not answer in JSON. Next: check that the address is the service's own."
            )
        if isinstance(error, requests.exceptions.RetryError):
            return Missing("ServerError", f"{self.where} answered 5xx or 429. Next: see its own log.")
        if isinstance(error, requests.exceptions.SSLError):
            return Missing(
                "TlsFailed",
                f"{self.where} cannot be trusted or does not speak TLS: {_why_tls(error)}. "
                "Next: check the scheme of the address, the certificate and the CA in REQUESTS_CA_BUNDLE.",
            )
        return Missing("Unreachable", f"{self.where} cannot be reached. Next: check the address, and that it runs.")

    def answered(self, status: int, text: str) -> Missing:
        """An answer with an error status as a fact."""
        said = f"{self.where} answered {status}: {' '.join(text.split())[:300]}"
        if status < 500:
            return Missing("Refused", f"{said}. Next: check credentials, allowed hosts and what was asked.")
        return Missing("ServerError", f"{said}. Next: see its own log.")

    def _too_late(self, limit: float) -> Missing:
        return Missing("Timeout", f"{self.where} did not answer within {limit:g} s. Next: see whether it is overloaded.")

    def close(self) -> None:
        """Let go of idle threads; those still asking end with their own time-outs."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _was_late(error: requests.RequestException) -> bool:
    """A client that counts retries wraps a time-out as a broken connection; urllib3 in turn calls a refused one a time-out."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    refused = isinstance(reason, urllib3.exceptions.NewConnectionError)
    return isinstance(reason, urllib3.exceptions.TimeoutError) and not refused


def _why_tls(error: requests.RequestException) -> str:
    """OpenSSL's own words, such as `certificate has expired`, without the address that the library puts around them."""
    found = re.search(r"\[SSL[^\]]*\] ([^(]+)", str(error))
    return found[1].strip() if found else "the handshake failed"


def without_secrets(url: str, *, path: bool = True) -> str:
    """An address fit for a message: no user, no password, no query; the path only if it is none."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path if path else ''}"
