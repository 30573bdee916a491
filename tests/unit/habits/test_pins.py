"""What is used is declared and pinned, once."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from andon.lab.toolchain import MODULE, TOOLS
from unit.habits.tree import ROOT, modules

OWN = {"andon"} | {entry.stem for entry in (ROOT / "tests").iterdir()}
PEERS = "tests/bench/peers/"
ELSEWHERE = (PEERS, "tests/conformance/", "tests/fuzz/__main__.py")
"""What runs in environments of its own, with the requirements of these in tests/bench/peers."""


def test_every_requirement_is_pinned_within_its_bounds():
    pins = pinned(ROOT / PEERS / "s3.txt") | pinned()  # s3fs and kubernetes want other versions of python-dateutil
    wrong = [
        str(r) for r in requirements() if r.name != "andon" and not r.specifier.contains(pins.get(canonicalize_name(r.name), "0"))
    ]
    assert not wrong


def test_everything_imported_is_pinned():
    distributions, pins = packages_distributions(), pinned()
    loose = {
        f"{path}: {name}"
        for path, name in third_party()
        if not path.startswith(ELSEWHERE) and not any(canonicalize_name(d) in pins for d in distributions.get(name, ()))
    }
    assert not loose


def test_what_runs_elsewhere_is_pinned_there():
    pins = {name for path in (ROOT / PEERS).glob("*.txt") for name in pinned(path)} | set(pinned())
    beside = {path.stem for path in (ROOT / "tests" / "conformance").glob("*.py")}
    known = pins | beside | {name for name, of in packages_distributions().items() if pins.intersection(of)}
    assert not {f"{path}: {name}" for path, name in third_party() if path.startswith(ELSEWHERE) and name not in known}


def test_the_toolchain_builds_what_go_mod_pins():
    block = re.search(r"^tool \((.*?)^\)", (MODULE / "go.mod").read_text(), re.M | re.S)
    assert block is not None
    assert sorted(block[1].split()) == sorted(tool.package for tool in TOOLS)


def pinned(file: Path = ROOT / "constraints.txt") -> dict[str, str]:
    exact = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[a-z0-9,]+\])?==(\S+)$", file.read_text(), re.M)
    return {canonicalize_name(name): version for name, version in exact}


def requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [requirement for extra in project["optional-dependencies"].values() for requirement in extra]
    return [Requirement(requirement) for requirement in project["dependencies"] + extras]


def third_party() -> set[tuple[str, str]]:
    imported = {(path, name) for path, tree in modules() for node in ast.walk(tree) for name in _imports(node)}
    return {(path, name) for path, name in imported if name not in sys.stdlib_module_names | OWN}


def _imports(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        return {node.module.partition(".")[0]}
    return set()
