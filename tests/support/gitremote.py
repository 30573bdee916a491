"""A bare repository as a plant would have it, by path and over HTTP through git's own `http-backend`."""

import os
import subprocess
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

LEGAL = "# Copyright: ©\n---\n"


def manifest(version="2", name="reactor"):
    return (
        f"{LEGAL}apiVersion: andon.dev/v1alpha1\nkind: ModelDeployment\nmetadata: {{name: {name}, namespace: plant-a}}\n"
        f"spec:\n  model:\n      mlflow: {{name: e, version: '{version}'}}   # by hand\n"
    )


class Remote:
    """What others do to the repository, in a work tree of their own."""

    def __init__(self, folder: Path) -> None:
        self.bare = folder / "plant.git"
        self.tree = folder / "tree"
        self.git("init", "-q", "--bare", "-b", "main", str(self.bare), at=folder)
        self.git("clone", "-q", str(self.bare), str(self.tree), at=folder)
        self.git("config", "http.receivepack", "true", at=self.bare)

    @property
    def url(self):
        return f"file://{self.bare}"

    def git(self, *arguments, at=None):
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
        identity = ("-c", "user.name=Eve", "-c", "user.email=eve@plant")
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=at or self.tree, env=environment, capture_output=True, timeout=30, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode(errors="surrogateescape")

    def push(self, files, message="by hand"):
        """A person's commit on whatever is there."""
        if self.git("ls-remote", "origin"):
            self.git("pull", "-q", "--ff-only", "origin", "main")
        for path, text in files.items():
            (self.tree / path).parent.mkdir(parents=True, exist_ok=True)
            (self.tree / path).write_bytes(text if isinstance(text, bytes) else text.encode())
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        self.git("push", "-q", "origin", "HEAD:main")
        return self.tip

    @property
    def tip(self):
        return self.git("rev-parse", "main", at=self.bare).strip()

    @property
    def commits(self):
        return self.git("log", "--format=%H", "main", at=self.bare).split()

    def show(self, what):
        return self.git("show", what, at=self.bare)

    def hook(self, name, script):
        path = self.bare / "hooks" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)


@contextmanager
def served(root: Path):
    """The repositories under `root` over HTTP; the address."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def answer(self):
            path, _, query = self.path.partition("?")
            environment = {
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REMOTE_USER": "andon",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            done = subprocess.run(
                ["git", "http-backend"], input=body, env=environment, capture_output=True, timeout=30, check=False
            )
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            self.send_response(int(headers.pop("Status", "200 OK").split()[0]))
            for key, value in headers.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
