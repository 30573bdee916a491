"""The process that holds a lab: starts it, keeps it going, writes down how it is, and ends it on SIGTERM.

`up` and `down` are what a terminal does with it: start it detached and watch it come up; ask it to end and see that it did.
"""

import fcntl
import json
import logging
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final, TypeVar

from andon.api.errors import UserError
from andon.lab.crew import LabError, Member
from andon.lab.lab import Lab, Options
from andon.lab.processes import Record, records, sweep
from andon.lab.state import SUPERVISOR, Phase, Row, Stage, State, folder_of, home, supervisor

_UP_WITHIN: Final = 300.0
_DOWN_WITHIN: Final = 60.0
_BYTES: Final = 10**9
_LOOK: Final = 0.2
T = TypeVar("T")

log = logging.getLogger(SUPERVISOR)


def up(options: Options, on_ready: Callable[[Row], None]) -> State:
    """Start a lab that goes on by itself and wait until it is ready; one that runs or starts already is left as it is.

    Raises LabError with what could not be started.
    """
    folder = folder_of(options.name)
    with _alone(options.name):
        if supervisor(folder):
            return _watch(lambda: supervisor(folder) is not None, folder, on_ready)
        down(options.name)
        _check_room()
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "logs").mkdir(parents=True)
        child = _detach(options, folder)
        return _watch(lambda: child.poll() is None, folder, on_ready)


def down(name: str) -> bool:
    """End a lab and everything it left, keeping its logs; whether there was anything. Raises LabError when it does not end."""
    folder = folder_of(name)
    if not folder.exists():
        return False
    record = supervisor(folder)
    if record:
        record.signal(signal.SIGTERM)
        _until(lambda: not record.alive, _DOWN_WITHIN)
    sweep(records(folder))
    left = [r for r in records(folder) if r.alive]
    if left:
        raise LabError(f"{', '.join(f'{r.name} (pid {r.pid})' for r in left)} does not end; see: kill -9 {left[0].pid}")
    for path in folder.iterdir():
        if path.name != "logs":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return True


def main() -> int:
    """`python -m andon.lab.daemon OPTIONS`: run the lab until SIGTERM."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    said = json.loads(sys.argv[1])
    images = Path(said["images"]) if said["images"] else None
    options = Options(**{**said, "nodes": tuple(said["nodes"]), "specs": Path(said["specs"]), "images": images})
    folder = folder_of(options.name)
    state = State(options.name)
    state.write(folder)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        with Lab(options, folder) as lab:
            _hold(lab, state)
    except (UserError, OSError) as error:
        log.exception("the lab ends")
        state.phase, state.message = Phase.FAILED, str(error)
        state.write(folder)
        return 1
    return 0


def _hold(lab: Lab, state: State) -> None:
    """Start, then keep going until SIGTERM, writing down every change."""
    begun = time.monotonic()
    state.kubeconfig = str(lab.plane.kubeconfig)

    def write() -> None:
        state.components = [_row(component.name, lab.crew.members.get(component.name)) for component in lab.components()]
        state.write(lab.folder)

    def tell(member: Member) -> None:
        if member.ready_after is not None and not member.restarts:
            log.info("%s ready after %.1f s", member.component.name, member.ready_after)
        write()

    lab.start(tell)
    state.phase, state.seconds = Phase.READY, time.monotonic() - begun
    write()
    log.info("all ready after %.1f s", state.seconds)
    while True:
        time.sleep(_LOOK)
        if lab.crew.supervise():
            write()


def _row(name: str, member: Member | None) -> Row:
    if member is None:
        return Row(name, Stage.WAITING)
    record = member.process.record
    return Row(name, _stage(member), record.pid, record.address, record.log, member.ready_after, member.restarts)


def _stage(member: Member) -> Stage:
    if member.done:
        return Stage.DONE
    if member.ready_after is None:
        return Stage.STARTING
    return Stage.READY if member.dead_until is None else Stage.RESTARTING


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Two terminals must not start one lab twice."""
    try:
        home().mkdir(parents=True, exist_ok=True)
        lock = (home() / f".{name}.lock").open("w")
    except OSError as error:
        raise LabError(f"the folder of all labs, {home()}, cannot be written ({error.strerror}); set XDG_STATE_HOME") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError(f"another terminal is starting lab {name}; see: andon lab status --name {name}") from None
        yield


def _check_room() -> None:
    """Said before anything starts: what meets a full disk dies of it in words of its own."""
    free = shutil.disk_usage(home()).free
    if free < _BYTES:
        needs = f"a lab needs about {_BYTES / 1e9:.0f} GB"
        raise LabError(f"{home()} has {free / 1e9:.1f} GB free, {needs}: free some, or set XDG_STATE_HOME to another disk")


def _detach(options: Options, folder: Path) -> "subprocess.Popen[bytes]":
    """In a session of its own, so that Ctrl-C in this terminal does not reach it; `down` can end it from its first moment."""
    images = str(options.images.absolute()) if options.images else None
    said = json.dumps({**asdict(options), "specs": str(options.specs.absolute()), "images": images})
    log_file = folder / "logs" / f"{SUPERVISOR}.log"
    with log_file.open("wb") as output:
        command = [sys.executable, "-m", "andon.lab.daemon", said]
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    Record.of(child.pid, SUPERVISOR, log_file).write(folder)
    return child


def _watch(lives: Callable[[], bool], folder: Path, on_ready: Callable[[Row], None]) -> State:
    seen: set[str] = set()

    def look() -> State | None:
        state = State.read(folder)
        for row in state.components if state else ():
            if row.stage in {Stage.READY, Stage.DONE} and row.name not in seen:
                seen.add(row.name)
                on_ready(row)
        return state if (state and state.phase is not Phase.STARTING) or not lives() else None

    state = _until(look, _UP_WITHIN)
    if not state or state.phase is not Phase.READY:
        silent = f"it was not ready within {_UP_WITHIN:.0f} s" if lives() else "it ended while starting"
        message = (state.message if state else "") or silent
        raise LabError(f"{message}; the whole story: {folder}/logs, and of pods: {folder}/nodes")
    return state


def _until(look: Callable[[], T | None], within: float) -> T | None:
    """What ``look`` found, or None when it found nothing in time (seconds)."""
    deadline = time.monotonic() + within
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(_LOOK)
    return found


if __name__ == "__main__":
    sys.exit(main())
