"""The processes that a process started, as Linux tells them."""

from pathlib import Path


def descendants(pid):
    """Pids of children, their children and so on; none for a process that is gone."""
    found = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, listing.read_text().split()):
            found += [child, *descendants(child)]
    return found


def alive(pid):
    """Whether a process runs: neither gone nor a zombie."""
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()
