"""Why something that was asked for is not there: a fact like any other, and never the same as zero, healthy or drift."""

from dataclasses import dataclass
from typing import Literal

MissingReason = Literal[
    "NoSeries",  # the question was answered: nothing matches
    "Stale",  # there is an answer, but from too long ago
    "NotANumber",  # there is an answer, but NaN or infinite
    "ManySeries",  # there are several answers where one number was asked for
    "Timeout",  # no answer in time
    "Unreachable",  # nobody there to answer
    "TlsFailed",  # somebody is there, and cannot be trusted or does not speak TLS
    "Refused",  # answered 4xx: ours to put right
    "BadQuery",  # answered 400 or 422: the question itself is wrong, whoever wrote it
    "ServerError",  # answered 5xx, or an error in words: theirs to put right
    "Malformed",  # answered, but not in the form that was agreed
    "NotFound",  # answered: there is no such thing
    "DigestPending",  # the version is there, and what its content is is being found out
    "NoDigest",  # the version is there, but nobody wrote down what its content is
]


@dataclass(frozen=True, slots=True)
class Missing:
    """An answer that did not come. detail: plain English for a person, with the next step; never a secret."""

    reason: MissingReason
    detail: str

    def __str__(self) -> str:
        """As a condition message carries it."""
        return f"{self.reason}: {self.detail}"
