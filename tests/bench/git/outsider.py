"""`python -m tests.bench.git.outsider URL FOLDER SECONDS`: somebody else who pushes to a branch every so often, until ended.

What is pushed changes nothing but the tip, which is all that a race is about. One that loses is not repeated before its time.
"""

import subprocess
import sys
import time

PUSHED = "An outsider's commit"


def git(folder: str, *arguments: str) -> str:
    """As this outsider has it; what fails is lost."""
    who = ("-c", "user.name=Eve", "-c", "user.email=eve@plant.example", "-c", "gc.auto=0")
    return subprocess.run(["git", "-C", folder, *who, *arguments], capture_output=True, text=True, check=False).stdout.strip()


def push(folder: str) -> None:
    """Once, onto what is there."""
    git(folder, "fetch", "--quiet", "origin", "+main:refs/heads/theirs")
    made = git(folder, "commit-tree", "-p", "theirs", "-m", PUSHED, "-m", folder, "theirs^{tree}")
    git(folder, "push", "--quiet", "origin", f"{made}:refs/heads/main")


def main() -> None:
    """Begins at its own moment, so that several do not push together."""
    url, folder, every = sys.argv[1], sys.argv[2], float(sys.argv[3])
    subprocess.run(["git", "clone", "--quiet", "--bare", url, folder], check=True)
    due = time.monotonic() + every * (hash(folder) % 100) / 100
    while True:
        time.sleep(max(0.0, due - time.monotonic()))
        push(folder)
        due = max(due + every, time.monotonic())


if __name__ == "__main__":
    main()
