"""A bare repository as a plant would have it, by path and over HTTP as the lab serves it."""

import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from support.eventually import eventually
from support.odd import nobody

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
        for setting in ("http.receivepack", "uploadpack.allowFilter", "receive.advertisePushOptions"):
            self.git("config", setting, "true", at=self.bare)

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
def served(root: Path, user=""):
    """The repositories under `root` over HTTP, by the lab's own server; the address. user: `NAME:PASSWORD` that it asks for."""
    with nobody() as address:
        listen = address.removeprefix("http://")
    secret = root / "user"
    secret.write_text(user)
    options = ["--root", str(root), "--listen", listen, *(["--user", str(secret)] if user else [])]
    with subprocess.Popen([sys.executable, "-m", "andon.lab.gitserver", *options], stderr=subprocess.DEVNULL) as process:
        try:
            eventually(lambda: listens(listen), within=20)
            yield address
        finally:
            process.kill()


def listens(address):
    """Whether somebody takes connections there."""
    host, _, port = address.rpartition(":")
    with socket.socket() as client:
        return client.connect_ex((host, int(port))) == 0
