"""Whatever writes asks first, at the last moment; reading asks nobody."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from kubernetes.client import ApiClient, Configuration, CoreV1Api

from andon.ports.cluster import bounded
from andon.ports.webhook import CloudEvent, HttpWebhook


class NotNowError(Exception):
    """What the guard says."""


def not_now() -> None:
    raise NotNowError


class Listener(ThreadingHTTPServer):
    """Answers everybody and remembers who asked what."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def _answer(self) -> None:
        self.server.heard.append(self.command)
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - the library calls them so

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


def api(listener: Listener, may_write: Callable[[], None]) -> CoreV1Api:
    configuration = Configuration()
    configuration.host = listener.url
    return CoreV1Api(bounded(ApiClient(configuration), may_write))


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda api: api.create_namespaced_config_map("n", {}), id="create"),
        pytest.param(lambda api: api.replace_namespaced_config_map("a", "n", {}), id="replace"),
        pytest.param(lambda api: api.patch_namespaced_config_map("a", "n", {}), id="patch"),
        pytest.param(lambda api: api.delete_namespaced_config_map("a", "n"), id="delete"),
    ],
)
def test_nothing_is_sent_to_the_api_server(listener: Listener, write: Callable[[CoreV1Api], object]):
    with pytest.raises(NotNowError):
        write(api(listener, not_now))
    assert listener.heard == []
    write(api(listener, lambda: None))
    assert len(listener.heard) == 1


def test_reading_asks_nobody(listener: Listener):
    api(listener, not_now).read_namespaced_config_map("a", "n")
    assert listener.heard == ["GET"]


async def test_nothing_is_sent_to_the_webhook(listener: Listener):
    event = CloudEvent("d-1", "/andon", "dev.andon.test", "n/a", datetime.now(UTC), {})
    with pytest.raises(NotNowError):
        await HttpWebhook(listener.url, 2, not_now).post(event)
    assert listener.heard == []
