"""git as the lab runs it: the same wherever it runs, without the user's own configuration, prompts or hooks of theirs."""

import os
import subprocess
from pathlib import Path
from typing import Final

_LIMIT: Final = 30.0


class GitError(OSError):
    """git could not do it, or not in time; the message is what it said."""


def environment(home: Path) -> dict[str, str]:
    """What git may see of this process."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}


def git(folder: Path, *arguments: str) -> str:
    """What ``git ARGUMENTS`` printed, run in a folder. Raises GitError."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, env=environment(folder), capture_output=True, text=True, check=False, timeout=_LIMIT)
    except subprocess.TimeoutExpired:
        raise GitError(f"git {arguments[0]}: no answer within {_LIMIT:.0f} s") from None
    if done.returncode != 0:
        raise GitError(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout
