"""What is the content of a version that others registered? The digest of its file as it is at first sight, taken once.

Nobody wrote down what the file should be, so what is found is trusted; from then on every server holds the file to it.
"""

import asyncio
import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import requests

from andon.api.missing import Missing
from andon.api.types import Digest
from andon.ports.blocking import Blocking, without_secrets

LARGEST_FILE: Final = 512 << 20
LONGEST: Final = 600.0
SILENCE: Final = 10.0
AGAIN_AFTER: Final = 60.0
"""Seconds until a file that could not be read is read again."""
_REMEMBERED: Final = 4096
_CHUNK: Final = 1 << 20

Sight = tuple[str, str, str]
"""Name, version and source: another source is another content."""


class FirstSight:
    """Digests of files that an MLflow server hands out, one at a time in a thread of its own. url: of that server."""

    def __init__(self, url: str, blocking: Blocking) -> None:
        self._url = url
        self._blocking = blocking
        self._thread = ThreadPoolExecutor(1, "digest")
        self._ended = threading.Event()
        self._found: dict[Sight, Digest | Missing] = {}
        self._running: dict[Sight, asyncio.Future[Digest | Missing]] = {}
        self._again: dict[Sight, float] = {}

    def digest(self, sight: Sight, path: str) -> Digest | Missing:
        """What is known of the file at a path of the server: DigestPending until it has been read, or why it cannot be."""
        known = self._found.get(sight)
        outdated = isinstance(known, Missing) and time.monotonic() > self._again.get(sight, 0)
        if (known is None or outdated) and sight not in self._running:
            running = asyncio.get_running_loop().run_in_executor(self._thread, self._read, path)
            self._running[sight] = running
            running.add_done_callback(lambda done: self._keep(sight, done))
        name, version, _ = sight
        text = (
            f"version {version} of {name} has no tag for its content, so that its file is read for its digest. It takes a moment."
        )
        return known or Missing("DigestPending", text)

    def _keep(self, sight: Sight, done: "asyncio.Future[Digest | Missing]") -> None:
        del self._running[sight]
        if done.cancelled():
            return
        self._found[sight], self._again[sight] = done.result(), time.monotonic() + AGAIN_AFTER
        while len(self._found) > _REMEMBERED:
            oldest = next(iter(self._found))
            del self._found[oldest], self._again[oldest]

    def _read(self, path: str) -> Digest | Missing:
        """MLflow's own request, with the credentials that it finds in the environment."""
        from mlflow.exceptions import MlflowException
        from mlflow.utils.credentials import get_default_host_creds
        from mlflow.utils.rest_utils import http_request

        try:
            creds = get_default_host_creds(self._url)
            answer = http_request(creds, path, "GET", max_retries=0, timeout=SILENCE, raise_on_status=False, stream=True)
            with answer:
                return self._digest(path, answer) if answer.ok else self._refused(path, answer)
        except requests.RequestException as error:
            return self._blocking.missing(error)
        except MlflowException as error:
            weather = error.__cause__ or error.__context__
            if isinstance(weather, requests.RequestException):
                return self._blocking.missing(weather)
            return self._blocking.answered(error.get_http_status_code(), error.message)

    def _digest(self, path: str, answer: Any) -> Digest | Missing:
        digest, size, until = hashlib.sha256(), 0, time.monotonic() + LONGEST
        for chunk in answer.iter_content(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if size > LARGEST_FILE:
                text = f"{self._shown(path)} is larger than {LARGEST_FILE} bytes. Next: set the tag andon.digest yourself."
                return Missing("Refused", text)
            if self._ended.is_set() or time.monotonic() > until:
                return Missing("Timeout", f"{self._shown(path)} was not read within {LONGEST:g} s. It is tried again.")
        return f"sha256:{digest.hexdigest()}"

    def _refused(self, path: str, answer: Any) -> Missing:
        if answer.status_code == 404:
            text = f"{self._shown(path)} is not there. Next: register a version whose files have model.onnx at the top."
            return Missing("NotFound", text)
        return self._blocking.answered(answer.status_code, answer.text[:1000])

    def _shown(self, path: str) -> str:
        return without_secrets(self._url) + path

    def close(self) -> None:
        """A file being read is left."""
        self._ended.set()
        self._thread.shutdown(wait=False, cancel_futures=True)
