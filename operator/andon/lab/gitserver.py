"""Git repositories over smart HTTP, as a plant's git server would serve them: a thin wrapper around ``git http-backend``.

`python -m andon.lab.gitserver --root DIR --listen HOST:PORT` serves every bare repository in a folder, for reading and pushing;
with `--user FILE` only to who knows the one `NAME:PASSWORD` in that file.
"""

import argparse
import base64
import subprocess
import sys
import threading
from collections.abc import Iterator
from email.parser import BytesHeaderParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from andon.lab.controlplane import answers
from andon.lab.crew import Component
from andon.lab.git import environment, git
from andon.lab.network import Network
from andon.lab.processes import Command

_AT_ONCE: Final = 8
_LIMIT: Final = 60.0
_LARGEST_BODY: Final = 64 * 2**20
_BRANCH: Final = "main"


class GitServer:
    """The repositories of one lab, and who serves them."""

    def __init__(self, folder: Path, network: Network) -> None:
        self.root = folder / "git"
        self.root.mkdir(exist_ok=True)
        self._listen = f"{network.control}:3000"

    def url(self, repository: str) -> str:
        """Where a repository is cloned from and pushed to."""
        return f"http://{self._listen}/{repository}.git"

    def create(self, repository: str, seed: Path) -> None:
        """A bare repository whose first commit is the content of a folder. Raises GitError when git refuses."""
        bare = self.root / f"{repository}.git"
        git(self.root, "init", "--quiet", "--bare", f"--initial-branch={_BRANCH}", str(bare))
        for setting in ("http.receivepack", "uploadpack.allowFilter", "receive.advertisePushOptions"):
            git(bare, "config", setting, "true")
        author = ("-c", "user.name=Plant Engineer", "-c", "user.email=engineer@plant.example")
        within = ("--git-dir", str(bare), "--work-tree", str(seed.absolute()))
        git(seed, *within, "add", "--all")
        git(seed, *author, *within, "commit", "--quiet", "--allow-empty", "--message", "The plant as it was found")

    def accept_pushes(self, repository: str, accept: bool) -> None:
        """False: pushes are answered 403, as by a server that took the right away; reading goes on."""
        git(self.root / f"{repository}.git", "config", "http.receivepack", "true" if accept else "false")

    def component(self) -> Component:
        """Ready when it answers. To make git hang or vanish, stop (SIGSTOP) or end this process."""
        module = "andon.lab.gitserver"
        command = Command(
            (sys.executable, "-m", module, "--root", self.root, "--listen", self._listen), address=f"http://{self._listen}"
        )
        return Component("git", lambda: command, lambda: answers(f"http://{self._listen}/"))


class _Handler(BaseHTTPRequestHandler):
    """One request is one `git http-backend`, as CGI."""

    protocol_version = "HTTP/1.1"
    root: Path
    user = ""
    turns = threading.BoundedSemaphore(_AT_ONCE)

    def do_GET(self) -> None:
        if self.path == "/":
            self._answer(200, b"git\n")
        else:
            self._backend(b"")

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            self._answer(413, f"the push is larger than {_LARGEST_BODY} bytes\n".encode())
        else:
            self._backend(body)

    def _backend(self, body: bytes) -> None:
        if self.user and self.headers.get("Authorization") != f"Basic {base64.b64encode(self.user.encode()).decode()}":
            self._answer(401, b"who are you?\n", [("WWW-Authenticate", 'Basic realm="git"')])
            return
        if not self.turns.acquire(timeout=_LIMIT):
            self._answer(503, b"too many requests at once; try again\n")
            return
        try:
            done = subprocess.run(
                ["git", "http-backend"], input=body, env=self._cgi(len(body)), capture_output=True, check=False, timeout=_LIMIT
            )
        except subprocess.TimeoutExpired:
            self._answer(504, f"git was not done within {_LIMIT:.0f} s\n".encode())
        else:
            self._relay(done.stdout, done.stderr)
        finally:
            self.turns.release()

    def _cgi(self, length: int) -> dict[str, str]:
        path, _, query = self.path.partition("?")
        asked = {
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_ADDR": self.client_address[0],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
        }
        return {**environment(self.root), **asked}

    def _relay(self, output: bytes, complaint: bytes) -> None:
        head, _, body = output.partition(b"\r\n\r\n")
        headers = BytesHeaderParser().parsebytes(head)
        status = int(headers.get("Status", "200").split()[0]) if head else 500
        if complaint:
            self.log_message("%s", complaint.decode(errors="replace").strip())
        self._answer(status, body, [(key, value) for key, value in headers.items() if key != "Status"])

    def _answer(self, status: int, body: bytes, headers: list[tuple[str, str]] | None = None) -> None:
        self.send_response(status)
        for key, value in headers or []:
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> bytes | None:
        """The whole body, or None when it is too large."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            length = int(self.headers.get("Content-Length", 0))
            return self.rfile.read(length) if length <= _LARGEST_BODY else None
        parts, size = [], 0
        for chunk in self._chunks():
            size += len(chunk)
            if size > _LARGEST_BODY:
                return None
            parts.append(chunk)
        return b"".join(parts)

    def _chunks(self) -> Iterator[bytes]:
        """git sends pushes over 1 MiB in chunks."""
        while size := int(self.rfile.readline(32).split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline(2)
        self.rfile.readline(2)


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--listen", required=True, metavar="HOST:PORT")
    parser.add_argument("--user", type=Path, metavar="FILE")
    options = parser.parse_args()
    if options.user:
        _Handler.user = options.user.read_text().strip()
    host, _, port = options.listen.rpartition(":")
    _Handler.root = options.root
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer((host, int(port)), _Handler).serve_forever()


if __name__ == "__main__":
    main()
