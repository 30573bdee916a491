"""What Prometheus brings: evidence about one subject up to one scrape, samples of users' signals, and how much has landed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from andon.api.missing import Missing

PAIRED: Final = "paired"
"""Without labels: is the candidate worse than the stable by more than the margin, on the same rows?"""

PAIRED_EQUAL: Final = "paired-equal"
"""Without labels: is the candidate within the margin?"""

LOSS: Final = "loss"
"""With labels: is the candidate's error beyond the margin, on the same rows?"""

LOSS_EQUAL: Final = "loss-equal"
"""With labels: is it within the margin?"""

ERROR: Final = "error"
"""With labels: does the stable err more than in its reference?"""

SHIFT: Final = "shift"
"""Do the rows move otherwise than in the reference, after what single tags explain is taken out?"""

MOVED: Final = "moved"
"""In which tags does it show that the plant moves? Told while it does, of the few that lie farthest off. The value is how far, in
standard deviations of the reference; no evidence."""

OFF_SUPPORT: Final = "off-support"
"""Do more rows than usual lie where the reference has none?"""

PREDICTION: Final = "prediction"
"""Are predictions distributed otherwise than in the reference?"""

REGIME: Final = "regime"
"""In which regime were the last rows? The subject is its name, SETTLING or UNKNOWN_REGIME; the value is the share of them."""

SETTLING: Final = "Settling"
UNKNOWN_REGIME: Final = "Unknown"

FIT: Final = "fit"
"""How many rows could models be judged by? The subject is ROWS. The value is the share of the last 20 rows; no evidence."""

ROWS: Final = "rows"

REFERENCE: Final = "reference"
"""On how many blocks of the reference were the limits calibrated? No evidence, only a value."""

TAG_QUESTIONS: Final = {"stuck": "Stuck", "missing": "Missing", "bad-status": "BadStatus"}
"""Questions about a tag by its own values alone, and the fault that each finds."""

TAG_FAULTS: Final = TAG_QUESTIONS | {"out-of-range": "OutOfRange", "biased": "Biased", "noisy": "Noisy"}
"""All questions about a tag, and the fault that each finds; the last two ask what the other tags say of it."""


@dataclass(frozen=True, slots=True)
class EvidenceSeries:
    """One question about one subject of one revision. The numbers are cumulative within an epoch.

    revision: 12 hex digits of the model's digest. profile: 8 of its profile's. log_e: natural log of the e-value. rows: folded
    so far. block: number of the last block folded. epoch: Unix seconds at which this accumulation began. value: what was
    asked, in the question's unit. first_bad, last_row: row time of the first row that counted against the subject and of the
    newest one. scraped: when Prometheus fetched all this. missing: set when one of the numbers is absent or not finite; then
    log_e and value are NaN, rows is 0, and nothing may be concluded from them.
    """

    namespace: str
    deployment: str
    revision: str
    profile: str
    question: str
    subject: str
    log_e: float
    rows: int
    block: int
    epoch: int
    value: float
    first_bad: datetime | None
    last_row: datetime | None
    scraped: datetime
    missing: Missing | None = None


LandingKey = tuple[str, str, str]
"""Namespace, DataSource and tag."""


@dataclass(frozen=True, slots=True)
class Landed:
    """How many Good records of one tag training could read, and when Prometheus was told."""

    records: int
    scraped: datetime


RevisionKey = tuple[str, str, str]
"""Namespace, deployment, and the first digits of a revision's digest."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Rows or requests that a revision was given since its server loaded it, and those to which it had no finite answer."""

    scored: int
    failed: int


@dataclass(frozen=True, slots=True)
class Reading:
    """The one number that a user's own query gave. sampled: when it was scraped, as far as Prometheus knows."""

    value: float
    sampled: datetime
