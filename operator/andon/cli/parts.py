"""Commands that run another part of Andon: named here, imported only when asked for.

A part reads its own command line, so that it can be read and tested without this package.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from andon.api.errors import UserError

if TYPE_CHECKING:
    import typer


@dataclass(frozen=True, slots=True)
class Part:
    """One command. target: `module:callable`. extra: what to install for it, if anything. argv: whether it takes options."""

    name: str
    target: str
    extra: str
    help: str
    argv: bool = True

    @property
    def has_app(self) -> bool:
        """Whether it is an app of Typer's."""
        return self.target.endswith("app")

    @property
    def has_options(self) -> bool:
        """Whether it is a function that reads all that follows its name, rather than an app of Typer's or nothing to read."""
        return self.argv and self.target.endswith(":main")


PARTS: Final = (
    Part("get", "andon.cli.get:app", "operator", "What there is, how it is, and what it waits for."),
    Part("tree", "andon.cli.tree:app", "operator", "What hangs on what, from the tags to the answers; live with -w."),
    Part("history", "andon.cli.history:app", "operator", "What answered when, and what was decided on whose word."),
    Part("explain", "andon.cli.explain:app", "operator", "Why it was decided so: the data, the model or the plant."),
    Part("why", "andon.cli.why:app", "operator", "Why one prediction is as it is, and where it comes from."),
    Part("approve", "andon.cli.steer:approve_app", "operator", "Let it be done: a decision, or a step of a rollout."),
    Part("reject", "andon.cli.steer:reject_app", "operator", "Let it not be done, and not be asked again."),
    Part("pin", "andon.cli.steer:pin_app", "operator", "Serve this version, whatever git or a policy says."),
    Part("unpin", "andon.cli.steer:unpin_app", "operator", "Let git and policies count again."),
    Part("promote", "andon.cli.steer:promote_app", "operator", "Serve the version that git names now, its steps skipped."),
    Part("abort", "andon.cli.steer:abort_app", "operator", "Take the version that git names out of its rollout."),
    Part("suspend", "andon.cli.suspend:suspend_app", "operator", "Leave an object alone; what git owns is suspended in git."),
    Part("resume", "andon.cli.suspend:resume_app", "operator", "Go on with what was suspended."),
    Part("lint", "andon.cli.lint:app", "", "What is wrong with a folder of objects, told without a cluster."),
    Part("diff", "andon.cli.diff:app", "operator", "What files would change, and which decisions be lost."),
    Part("edit", "andon.cli.edit:app", "operator", "Change one value of one object in a file, and no other byte."),
    Part(
        "profile", "andon.replay.commands:profile_app", "replay", "Freeze what is usual: a model's profile, from recorded rows."
    ),
    Part("replay", "andon.replay.commands:replay_app", "replay", "Try a policy on recorded rows: what would have been decided."),
    Part("doctor", "andon.cli.doctor:app", "operator", "Is all there that Andon needs, and what to do if not."),
    Part("operator", "andon.controllers.main:main", "operator", "Run the operator: make the four kinds of object true."),
    Part("collect", "andon.runtime.collect.main:main", "collect", "Run a collector beside a machine.", argv=False),
    Part("serve", "andon.runtime.serve.main:main", "serve", "Serve a model, and judge its successor on the same rows."),
    Part("train", "andon.runtime.train.main:main", "train", "Train one version from landed rows and register it.", argv=False),
    Part("lab", "andon.lab.cli:app", "lab", "A whole plant and a real Kubernetes on this machine."),
    Part("demo", "andon.lab.demo.cli:app", "lab", "Train, serve, break, roll back, commit: the story, run for real."),
)


def add(app: "typer.Typer", part: Part) -> None:
    """Make it a command of the app. What follows its name is its own, `--help` included."""
    import typer

    def pass_on(context: typer.Context) -> None:
        raise typer.Exit(run(part, context.args, context.command_path) or 0)

    unread = {"allow_extra_args": True, "ignore_unknown_options": True} if part.argv else {}
    app.command(part.name, help=part.help, context_settings=unread, add_help_option=not part.argv)(pass_on)


def run(part: Part, args: list[str], path: str) -> int | None:
    """The part's exit code. Raises UserError when what it needs is not installed."""
    target = load(part)
    if part.argv and not part.has_options:
        target(args=args, prog_name=path)
        return None
    code: int | None = target(args) if part.argv else target()
    return code


def load(part: Part) -> Callable[..., Any]:
    """The callable. Raises UserError when what it needs is not installed."""
    module, _, name = part.target.partition(":")
    try:
        with _ended_at_once():
            target: Callable[..., Any] = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] == "andon":
            raise
        raise UserError(f"`andon {part.name}` needs {error.name}; install it with: pip install 'andon[{part.extra}]'") from error
    return target


@contextmanager
def _ended_at_once() -> Iterator[None]:
    """Ctrl-C ends the process as it is: a library that is being loaded would tell of an exception as of an error of its own."""
    raises = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if raises:
        signal.signal(signal.SIGINT, lambda *_: os._exit(128 + signal.SIGINT))
    try:
        yield
    finally:
        if raises:
            signal.signal(signal.SIGINT, signal.default_int_handler)
