"""What a live view does when the network goes away, comes back, or does not."""

import itertools
import select
import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
import yaml

from andon.api.errors import UserError
from andon.ports.terminal import ApiServer
from andon.watch import follow
from andon.watch.follow import snapshots
from support.documents import status_of


class Cable:
    """Between a command and the API server: what is cut breaks at once, and nothing gets through until it is mended."""

    def __init__(self, host, port):
        self._beyond = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = []
        self._whole = True
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self):
        return self._listener.getsockname()[1]

    def cut(self):
        self._whole = False
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # a close alone is not felt by who waits for data
        self._open.clear()

    def mend(self):
        self._whole = True

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)  # a close alone would take who comes next, and then reset who comes with it
        self._listener.close()
        self.cut()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
                if self._whole:
                    far = socket.create_connection(self._beyond, timeout=5)
                    self._open += [near, far]
                    threading.Thread(target=_carry, args=(near, far), daemon=True).start()
                else:
                    with near, suppress(OSError):  # cut off before it could speak, Python's ssl would leave its socket open
                        near.settimeout(5)
                        near.recv(1)
            except OSError:
                return


def _carry(near, far):
    try:
        while True:
            for end in select.select([near, far], [], [], 30)[0]:
                data = end.recv(65536)
                if not data:
                    return
                (far if end is near else near).sendall(data)
    except (OSError, ValueError):
        return
    finally:
        for end in (near, far):
            end.close()


@pytest.fixture
def cable(control_plane, tmp_path):
    """A cable, and a kubeconfig that goes through it."""
    config = yaml.safe_load(control_plane.kubeconfig.read_text())
    cluster = config["clusters"][0]["cluster"]
    url = urlsplit(cluster["server"])
    laid = Cable(url.hostname, url.port)
    cluster |= {"server": f"https://127.0.0.1:{laid.port}", "tls-server-name": url.hostname}
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
    yield laid, str(tmp_path / "kubeconfig")
    laid.close()


def progress(snapshot):
    return snapshot.named("ModelDeployment", "product-e")["status"]["candidate"]["progress"]


def test_what_is_seen_stays_while_the_network_is_away_and_goes_on_after_it(plant, cable):
    laid, kubeconfig = cable
    seen = snapshots(ApiServer(kubeconfig), plant.namespace)
    first = next(seen)
    assert (first.trouble, progress(first), "product-e-acks" in first.configmaps) == (None, "2/4", True)
    laid.cut()
    away = next(seen)
    assert (away.trouble or "").startswith("This may be old: the API server is away")
    assert progress(away) == "2/4"
    plant.write_status(
        "ModelDeployment", "product-e", {"candidate": {**status_of("ModelDeployment")["candidate"], "progress": "4/4"}}
    )
    laid.mend()
    back = next(view for view in seen if view.trouble is None)
    assert progress(back) == "4/4"


def test_after_a_few_tries_in_a_row_it_is_given_up(plant, cable, monkeypatch):
    monkeypatch.setattr(follow, "TRIES", 3)
    laid, kubeconfig = cable
    seen = snapshots(ApiServer(kubeconfig), plant.namespace)
    next(seen)
    laid.cut()
    with pytest.raises(UserError, match="cannot be reached, after 3 tries; check KUBECONFIG"):
        list(itertools.islice(seen, 100))
