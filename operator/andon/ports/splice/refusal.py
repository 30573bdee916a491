"""Why is a line not ours to change?"""

from typing import Literal

Reason = Literal[
    "NotFound",  # no file declares the object
    "Ambiguous",  # it is declared more than once, or the path names several items
    "FieldNotFound",  # the object has no such field, or it is not one value
    "Alias",  # an anchor shares it: other fields would change, too
    "MergeKey",  # it comes from a merge (<<)
    "DuplicateKey",  # readers disagree on which of two holds
    "NotOneLine",  # a block, several lines, or a tag
    "Templated",  # Jinja, Flux or Kustomize fill the line in
    "Generated",  # Helm or Kustomize write the field; no line holds it alone
    "Shared",  # other overlays would change, too
    "ManagedElsewhere",  # another bot writes the line
    "UnclearType",  # readers would disagree on what the new value is
    "Unreadable",  # not YAML
    "NotUtf8",
    "Unverified",  # parsed again, more than this value differs
    "Changed",  # somebody else wrote the file meanwhile
]


class Refusal(Exception):  # noqa: N818 - not an error: an edit that a person should make
    """This line is not ours to change. The message begins with `file:line:` where there is one, and names the next step."""

    def __init__(self, reason: Reason, message: str, file: str | None = None, line: int | None = None) -> None:
        super().__init__(message if file is None else f"{at(file, line)}: {message}")
        self.reason: Reason = reason
        self.file = file
        self.line = line


def at(file: str, line: int | None) -> str:
    """As editors and people read it: `plant.yaml:14`."""
    return file if line is None else f"{file}:{line}"
