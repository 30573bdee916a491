"""What is git to be told, and what may come of it?"""

from dataclasses import dataclass

from andon.api import config
from andon.api.decision import WriteBackMode
from andon.api.missing import Missing
from andon.ports.splice import ObjectRef


@dataclass(frozen=True, slots=True)
class WriteBack:
    """A decision as git is to hear of it.

    path: of the scalar, by field names with dots. old: what must stand there still; new: what is to stand there. override: path
    of the scalar by which a person forbids this decision, by naming it. trailers: in order, after `Andon-Decision`, which is
    always the first and by which a repeat knows the commit again. mode: onto the branch, or beside it for a person to merge.
    """

    repository: config.Repository
    object: ObjectRef
    path: str
    old: str
    new: str
    decision: str
    override: str
    subject: str
    body: str = ""
    trailers: tuple[tuple[str, str], ...] = ()
    mode: WriteBackMode = WriteBackMode.COMMIT

    @property
    def proposes(self) -> bool:
        """Whether a person merges it."""
        return self.mode is WriteBackMode.PULL_REQUEST

    def message(self) -> str:
        """The whole commit message. Text from elsewhere cannot break out of its line, nor add a trailer of its own."""
        trailers = [f"{key}: {' '.join(value.split())}" for key, value in (("Andon-Decision", self.decision), *self.trailers)]
        paragraphs = [" ".join(self.subject.split()), " ".join(self.body.split()), "\n".join(trailers)]
        return "\n\n".join(p for p in paragraphs if p) + "\n"


@dataclass(frozen=True, slots=True)
class Committed:
    """The branch has the commit now."""

    commit: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """The commit waits in a branch of its own for a person who merges it. branch: its whole name."""

    branch: str
    commit: str


@dataclass(frozen=True, slots=True)
class AlreadySo:
    """The branch said so before. commit: the one of this decision, None if somebody else wrote the value."""

    commit: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """This edit is for a person, however often it is tried. message: file, line and next step."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Preflight:
    """Could this line be committed, or proposed? Asked before it is needed."""

    repository: config.Repository
    object: ObjectRef
    path: str
    mode: WriteBackMode = WriteBackMode.COMMIT


Outcome = Committed | Proposed | AlreadySo | Refused | Missing
Task = WriteBack | Preflight
