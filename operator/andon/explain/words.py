"""How is each question, check, fault and refusal said to somebody who knows no statistics? One table each, and nothing else."""

import re
from dataclasses import dataclass
from datetime import timedelta
from math import floor, isnan, log
from typing import Final

from andon.api.evidence import TAG_FAULTS
from andon.stats.blocks import BLOCK_ROWS


@dataclass(frozen=True, slots=True)
class Question:
    """asks: what the rows were asked. shows: title of its plot. unit: of its value, as an axis says it."""

    asks: str
    shows: str
    unit: str


QUESTIONS: Final[dict[str, Question]] = {
    "paired": Question(
        "Do the two versions, on the very same rows, differ by more than the old version's own usual error can explain?",
        "How sure it is that the new version is worse (no lab results needed)",
        "times the old version's error",
    ),
    "paired-equal": Question(
        "Are the two versions, on the very same rows, as good as each other?",
        "How sure it is that the new version is good enough (no lab results needed)",
        "times the old version's error",
    ),
    "loss": Question(
        "Compared with the lab results of the very same rows, is the new version further off than the old one?",
        "How sure it is that the new version is worse, by lab results",
        "times the old version's error",
    ),
    "loss-equal": Question(
        "Compared with the lab results of the very same rows, is the new version as good as the old one?",
        "How sure it is that the new version is good enough, by lab results",
        "times the old version's error",
    ),
    "error": Question(
        "Compared with the lab results, is the model further off than when it was built?",
        "How sure it is that the model errs more than it used to",
        "times its usual error",
    ),
    "shift": Question(
        "Does the plant run where it ran when the model was built?",
        "How sure it is that the plant runs elsewhere",
        "times the usual range",
    ),
    "off-support": Question(
        "Are there more rows than usual of a sort that the model has never seen?",
        "How sure it is that the model meets rows it never learned",
        "share of rows",
    ),
    "prediction": Question(
        "Are the model's answers spread as they used to be?",
        "How sure it is that the answers have moved",
        "times their usual spread",
    ),
    "stuck": Question(
        "Does the reading stay at one value for longer than it ever did?",
        "How sure it is that the sensor is stuck",
        "share of rows",
    ),
    "missing": Question("Is the reading absent or too old?", "How sure it is that readings are missing", "share of rows"),
    "bad-status": Question(
        "Does the device itself call the reading bad?", "How sure it is that the device reports bad readings", "share of rows"
    ),
    "out-of-range": Question(
        "Does the reading lie beyond all that the reference has, with room to spare?",
        "How sure it is that readings are out of range",
        "share of rows",
    ),
    "biased": Question(
        "Does the reading differ, always to one side, from what the other tags say it should be?",
        "How sure it is that the sensor reads wrong",
        "times the usual gap",
    ),
    "noisy": Question(
        "Does the reading jump about what the other tags say it should be?",
        "How sure it is that the sensor is too noisy",
        "times the usual gap",
    ),
    "signals": Question("Is what is needed to judge there, and new enough?", "What is needed to judge", ""),
    "regime": Question("Which recipe or state does the line run in?", "Recipe or state of the line", "share of rows"),
    "reference": Question("How much history are the limits made from?", "History behind the limits", "blocks"),
}


LINES: Final = {
    "paired": "without lab",
    "loss": "by lab results",
    "error": "errors",
    "shift": "working point",
    "off-support": "unknown rows",
    "prediction": "answers",
}
"""Names of lines that share a plot."""


def question(name: str) -> Question:
    """How a question is said; one that is not in the table (a signal of the user's own) is named as it is."""
    signal = name.removeprefix("promql ")
    return QUESTIONS.get(name) or Question(f"Is the signal {signal} beyond its limit?", f"The signal {signal}", "")


FAULTS: Final = {
    "Stuck": "repeats one value for longer than it ever did before",
    "Missing": "sends no value, or only old ones",
    "BadStatus": "is called bad by its own device",
    "OutOfRange": "shows values far beyond any in the reference",
    "Biased": "reads differently from what the other tags say it should read",
    "Noisy": "jumps about what the other tags say it should read",
}
"""What is wrong with a tag, said after its name."""


def fault(name: str | None) -> str:
    """What is wrong with a tag, to be said after its name."""
    return FAULTS.get(name or "", f"has a fault ({spoken(name)})" if name else "cannot be believed")


CHECKS: Final = {
    "signals missing": "Is what is needed to judge missing or too old?",
    "not looked at": "Is there a reason not to look at the model at all?",
    "nothing served": "Is no model in service yet?",
    "too few rows": "Were too few rows seen to judge by?",
    "regime unsettled": "Is the line settling, or running a recipe that the model has never seen?",
    "data suspect": "Might a sensor be behind it?",
    "worse with labels": "By the lab results, is the new version worse than the old one on the very same rows?",
    "equal with labels": "By the lab results, is the new version as good as the old one on the very same rows?",
    "worse without labels": "Without lab results, is the new version worse than the old one on the very same rows?",
    "equal without labels": "Without lab results, is the new version as good as the old one on the very same rows?",
    "undecided": "Is it still open which of the two versions is better?",
    "concept drift": "By the lab results, does the model err more, although the readings are as they always were?",
    "plant moved": "Have the tags moved together to where the plant did not run before?",
    "own signal": "Does a signal of your own fire?",
    "own signal missing": "Is a signal of your own missing?",
    "errors of data": "Does a sensor at fault explain the model's errors?",
    "predictions moved": "Have only the answers moved, and nobody knows why?",
    "nothing wrong": "Is everything as it should be?",
}
"""What a check looks for, as a question whose yes is the verdict's reason."""


def check(name: str) -> str:
    """What a check or guard rail looks for, as a question; one that is not in a table is named as it is."""
    known = CHECKS.get(name) or GUARDS.get(name)
    tag, _, asked = name.partition(" ")
    if known is None and asked in TAG_FAULTS:
        return f"{tag}: {QUESTIONS[asked].asks}"
    return known or f"{spoken(name)}?"


def saw(name: str, said: str) -> str:
    """What a check saw; the bare number of a check of a tag gets its unit."""
    unit = question(name.partition(" ")[2]).unit
    number = re.match(r"(\d[\d.]*(?:e[+-]\d+)?) in the last block", said)
    if number is None:
        return plain(said)
    value = float(number[1])
    amount = f"{value:.0%} of the rows" if unit == "share of rows" else f"{value:.1f} {unit}"
    return plain(f"{amount} in the last block{said[number.end() :]}")


GUARDS: Final = {
    "dry run": "Is the policy on trial (dryRun)?",
    "expected shift": "Was a change of the plant announced for this time?",
    "room": "Are so many tags kept out already that a person should look at their source?",
    "data gate": "Would it train on data that cannot be believed?",
    "calibration": "Does it rest on the inputs alone, with too short a history to act on them?",
    "nobody trains": "Is there nobody to train a new version?",
    "one way": "Was the version to go back to itself found at fault before?",
    "cooldown": "Was the same done only a short while ago?",
    "budget": "Was it done as often as the policy allows for this model?",
    "namespace budget": "Was it done as often as is allowed for all models here?",
    "circuit breaker": "Do many models get this verdict at once?",
    "advice only": "May the policy only advise?",
    "allowed": "May it be done?",
}
"""What a guard rail looks for, as a question whose yes ends the list."""


REFUSALS: Final = {
    "DryRun": "the policy is on trial (dryRun): it says what it would do and does nothing",
    "ExpectedShift": "a change of the plant was announced for this time",
    "QuarantinesFull": "as many tags as one policy keeps out are kept out already: look at their source",
    "DataFaultOpen": "a tag cannot be believed now, and nothing is trained on such data",
    "CalibrationTooShort": "the history behind the limits is too short to act on the inputs alone",
    "NoPipeline": "there is nobody to train a new version",
    "OneWay": "the version to go back to has itself been found at fault before",
    "CoolingDown": "too little time has passed since the last action on this model",
    "BudgetSpent": "as many actions as the policy allows for this model in this time have been taken",
    "NamespaceBudgetSpent": "as many actions as are allowed for all models here in this time have been taken",
    "CircuitOpen": "many models got the same verdict at once, which points at a shared cause: nothing is changed meanwhile",
    "AdviseOnly": "the policy may only advise",
}
"""Why an action was not taken."""


def refusal(reason: str) -> str:
    """Why an action was not taken; a sentence stays one, and a reason that is not in the table is given by its name."""
    return REFUSALS.get(reason) or (reason.rstrip(".") if " " in reason else f"it was refused ({spoken(reason)})")


def spoken(name: str | None) -> str:
    """`paired_regression`, `bad-status` and `BudgetSpent` as words in a sentence, beginning as a sentence does."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", (name or "").replace("_", " ").replace("-", " ")).lower()
    return words[:1].upper() + words[1:]


MOST_CERTAIN: Final = 6
"""Powers of ten beyond which nobody counts: one in a million."""


def odds(log_e: float) -> str:
    """A log e-value as an engineer would say it. NaN: nothing is known."""
    if isnan(log_e):
        return "nothing is known"
    if log_e < log(5):
        return "this may well be chance"
    return f"the odds that this is chance are below {one_in(log_e)}"


def one_in(log_e: float) -> str:
    """`1 in 1,000` for ln 1000; rounded down to one digit, so that never more is claimed than was seen."""
    power = min(log_e / log(10), MOST_CERTAIN)
    step = 10.0 ** floor(power + 1e-9)
    return f"1 in {floor(10**power / step + 1e-6) * step:,.0f}"


JARGON: Final = (
    (r"\bthe stable's error\b", "the error of the version in service"),
    (r"\btimes the stable's(?! own)\b", "times that of the version in service"),
    (r"\bthe stable\b", "the version in service"),
    (r"\bthe candidate\b", "the new version"),
    (r"\blabelled rows\b", "rows with lab results"),
    (r"\blabels\b", "lab results"),
    (r"\bLabels\b", "Lab results"),
    (r"\bof the rows (?:of|in) the last block\b", f"of the newest {BLOCK_ROWS} rows"),
    (r"\bthe last block\b", f"the newest {BLOCK_ROWS} rows"),
    (r"\boff support\b", "unlike any in the reference"),
)
"""What the engine says among its own kind, and how it is said to others, in this order."""


def plain(said: str) -> str:
    """What the engine said, without its jargon, and with `e = 12` and `e = 10^6` said in odds."""
    told = re.sub(r"\be = (?:10\^(-?\d+)|(\d[\d.]*(?:e[+-]\d+)?))", _said_in_odds, said)
    for pattern, instead in JARGON:
        told = re.sub(pattern, instead, told)
    return told


def _said_in_odds(match: re.Match[str]) -> str:
    log_e = float(match[1]) * log(10) if match[1] else log(max(float(match[2]), 1e-300))
    return odds(log_e)


def version(number: str | None, otherwise: str) -> str:
    """A version as it is spoken of. otherwise: what to say where its number is not known."""
    return f"version {number}" if number else otherwise


def lasting(length: timedelta) -> str:
    """A length of time as people say it: `40 s`, `12 min`, `3 h 20 min`, `5 days`."""
    total = max(0, round(length.total_seconds()))
    if total < 120:
        return f"{total} s"
    if total < 7200:
        return f"{total // 60} min"
    if total < 2 * 86400:
        minutes = f" {total % 3600 // 60} min" if total % 3600 >= 60 else ""
        return f"{total // 3600} h{minutes}"
    return f"{total // 86400} days"


def listed(names: tuple[str, ...], most: int = 4) -> str:
    """`a`, `a and b`, `a, b and c`, and so many others."""
    shown = [*names[:most], f"{len(names) - most} others"] if len(names) > most + 1 else list(names)
    return " and ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)


GLOSSARY: Final = (
    (
        "Row",
        "the values of all tags at one moment. Two versions of a model are compared on the same rows, so that what the plant "
        "does cannot favour one.",
    ),
    (
        "Usual error",
        "how far off the model was, on average, on rows that it had not learned from. “2 times the usual error” is twice that.",
    ),
    (
        "Odds",
        "“the odds that this is chance are below 1 in 1,000”: of 1,000 sound models or sensors, however long they are watched, "
        "fewer than one would ever look like this.",
    ),
    ("Reference", "the rows of the past that the model was built from: what “usual” is measured by."),
    (
        "What the other tags say",
        "tags of one plant hang together, so that from all the others it can be told what one should read. A sensor that breaks "
        "leaves its neighbours; a plant that moves takes them all along.",
    ),
    (
        "Lab result",
        "the measured truth (a laboratory analysis, a test bench). It comes later, and shows how far off an answer was.",
    ),
)
"""What the page's own words mean."""
