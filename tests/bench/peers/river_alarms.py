"""When does river's ADWIN first call on a stream of errors? Run by an environment that has river; Andon never imports it.

Standard input: one JSON list of numbers per line, null where a label is missing. Standard output: per line the index of the
first alarm, or null.
"""

import json
import sys

from river.drift import ADWIN


def first_alarm(errors: list[float | None]) -> int | None:
    """With river's defaults."""
    detector = ADWIN()
    for row, error in enumerate(errors):
        if error is None:
            continue
        detector.update(error)
        if detector.drift_detected:
            return row
    return None


for line in sys.stdin:
    sys.stdout.write(f"{json.dumps(first_alarm(json.loads(line)))}\n")
    sys.stdout.flush()
