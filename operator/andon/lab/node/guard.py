"""Who ends the pods' processes when the node itself is killed?

A tiny process of its own session reads the node's process groups from a pipe (`+PID`, `-PID`). When the pipe closes, the
node is gone, however it went, and every group still there is killed. PR_SET_PDEATHSIG would reach only a container's first
process, not what that has started, and needs code between fork and exec.
"""

import contextlib
import os
import signal
import subprocess
import sys


class Guard:
    """The node's end of the pipe."""

    def __init__(self) -> None:
        command = [sys.executable, "-I", "-S", __file__]
        reading, self._pipe = os.pipe()
        self._process = subprocess.Popen(command, stdin=reading, start_new_session=True)
        os.close(reading)

    def watch(self, group: int) -> None:
        """From now on this group does not outlive the node. Raises OSError if the guard itself was killed."""
        self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        """The group is gone."""
        self._tell(f"-{group}\n")

    def close(self) -> None:
        """Ends every group still watched, then the guard."""
        os.close(self._pipe)
        self._process.wait(timeout=10)

    def _tell(self, line: str) -> None:
        os.write(self._pipe, line.encode())


def kill_group(group: int, number: int) -> None:
    """Signals a process group; one that is already gone is fine."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin.buffer:
        (groups.add if line.startswith(b"+") else groups.discard)(int(line[1:]))
    for group in groups:
        kill_group(group, signal.SIGKILL)


if __name__ == "__main__":
    _main()
