"""What git holds: the files that habits are checked on."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


@cache
def tracked() -> tuple[str, ...]:
    """Paths in git that are in the working tree too, relative to the root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    return tuple(path for path in listed.stdout.split("\0") if path and (ROOT / path).is_file())


@cache
def content(path: str) -> bytes:
    """The bytes of a tracked file."""
    return (ROOT / path).read_bytes()


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """Every tracked text file with its text."""
    return tuple((path, content(path).decode()) for path in tracked() if b"\0" not in content(path))


@cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    """Every tracked Python file, parsed."""
    return tuple((path, ast.parse(text)) for path, text in texts() if path.endswith(".py"))
