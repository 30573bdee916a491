"""What a server would tell its ledger: rows, what both models say of them, and labels that come a while later."""

from dataclasses import dataclass, field

import numpy as np
import orjson

from andon.stats.blocks import BLOCK_ROWS, Rows
from andon.stats.ledger import Ledger, Trial
from unit.stats.profiles import MAX_AGE, TAGS, in_units, of_the_process, truth

TRIAL = Trial("s", "c", 0.10)
ERROR = 0.1


def standard(inputs):
    """Inputs in standard deviations again."""
    return (inputs - in_units(np.zeros((1, len(TAGS))))) / (
        in_units(np.ones((1, len(TAGS)))) - in_units(np.zeros((1, len(TAGS))))
    )


@dataclass
class Server:
    """Both models know the truth of what they are given; worse: how much larger the candidate's own error is than the stable's.

    labels: per row of the story, NaN where there is none; they come `late` rows later, with the end of a block.
    """

    ledger: Ledger
    story: Rows
    labels: np.ndarray
    worse: float = 0.0
    late: int = 30
    done: int = 0
    learned: int = 0
    said: list = field(default_factory=lambda: [np.empty(0), np.empty(0)])

    def take(self, until):
        """The rows up to this one, as one portion."""
        part = self.story.part(self.done, until)
        judged = self.ledger.take(part, MAX_AGE)
        error = ERROR * np.sin(1.7 * part.times) * np.sqrt(2)
        expected = np.where(judged.fit, truth(standard(judged.inputs)), np.nan).round(9)
        stable, candidate = expected + error, expected + (1 + self.worse) * error
        self.ledger.score(judged, stable, candidate)
        self.said = [np.append(a, b) for a, b in zip(self.said, (stable, candidate), strict=True)]
        self.done = until
        if until % BLOCK_ROWS == 0:
            self._learn(max(until - self.late, 0))
        return judged

    def _learn(self, until):
        known = slice(self.learned, until)
        self.ledger.learn(self.story.times[known], self.labels[known], *(column[known] for column in self.said))
        self.learned = max(until, self.learned)

    def restart(self):
        """Stopped, and started from what was written down."""
        self.ledger = Ledger.restore(orjson.loads(orjson.dumps(self.ledger.state())))
        self.ledger.begin(of_the_process(), TRIAL, 5e6)


def server(story, labels=None, trial=TRIAL, profile=None, **how):
    """A server that has begun. labels: None for those of a plant that is as the models believe it to be."""
    ledger = Ledger()
    ledger.begin(profile or of_the_process(), trial, 999.0)
    return Server(ledger, story, truth(standard(story.values)) if labels is None else labels, **how)


def played(story, cuts=(), **how):
    """The server after the whole story, told in portions that end at these rows and at every block's end."""
    one = server(story, **how)
    for until in sorted({*cuts, *range(BLOCK_ROWS, len(story), BLOCK_ROWS), len(story)}):
        one.take(until)
    return one


def said(ledger):
    """Evidence by question and subject."""
    return {(e.question, e.subject): e for e in ledger.evidence()}
