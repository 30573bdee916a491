"""The processes that a process started, as Linux tells them."""

from pathlib import Path


def descendants(pid):
    """Pids of children, their children and so on; none for a process that is gone."""
    try:
        children = [
            int(child) for listing in Path(f"/proc/{pid}/task").glob("*/children") for child in listing.read_text().split()
        ]
    except OSError:
        return []
    return [pid for child in children for pid in (child, *descendants(child))]


def alive(pid):
    """Whether a process runs: neither gone nor a zombie."""
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()
