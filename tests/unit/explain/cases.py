"""One case of every verdict, as a plant of the demo would have it."""

from datetime import UTC, datetime, timedelta
from math import log, sin

from andon.api.decision import CheckSeen, Evidence, Outcome
from andon.explain.case import Case
from andon.explain.plot import Band, Lane, Limit, Mark, Plot, Scale, Series, Span, Timeline

AT = datetime(2026, 11, 22, 7, 14, 3, tzinfo=UTC)


def evidence(question: str, value: str, limit: str, rows: int = 420, minutes: float = 21) -> Evidence:
    return Evidence(
        question=question, rows=rows, value=value, limit=limit, first_bad_row=AT - timedelta(minutes=minutes), scraped=AT
    )


def check(name: str, saw: str, outcome: Outcome = Outcome.PASSED) -> CheckSeen:
    return CheckSeen(name=name, outcome=outcome, saw=saw)


REGRESSION = Case(
    verdict="ModelRegression",
    at=AT,
    target="reactor-product-e",
    namespace="plant-a",
    id="d-7f3a91c2de",
    action="Rollback",
    authority="Act",
    taken=True,
    found_at_fault="4",
    instead="3",
    faulty=("xmeas_7",),
    summary="Version 4 was rolled back to 3: on the same 420 rows its error is at least 1.84 times that of 3 (limit 1.10).",
    evidence=evidence("paired", "at least 1.84 times the stable's error", "1.10"),
    certainty=log(1000),
    checks=(
        check("signals missing", "The newest evidence is 2 s old (at most 30 s)."),
        check("too few rows", "Version 4 and the stable scored the same 420 rows (at least 300)."),
        check("data suspect", "No tag is under suspicion."),
        check("worse with labels", "No labels have joined its rows."),
        check(
            "worse without labels",
            "The error of version 4 is at least 1.84 times that of version 3, on the same 420 rows (limit 1.10).",
            Outcome.ANSWERED,
        ),
    ),
)
CONCEPT = Case(
    verdict="ConceptDrift",
    at=AT,
    target="reactor-product-e",
    namespace="plant-a",
    id="d-10c2aa4410",
    action="Retrain",
    authority="Confirm",
    found_at_fault="3",
    summary="Version 3 errs 1.62 times as much as in its reference, on rows like those of its reference.",
    evidence=evidence("error", "1.62 times the error of the reference", "1.25", rows=640),
    checks=(
        check("data suspect", "No tag is under suspicion."),
        check("concept drift", "With labels the error of version 3 is 1.62 times that of its reference.", Outcome.ANSWERED),
    ),
    actor="trainingpipeline/product-e",
)
HARMFUL = Case(
    verdict="HarmfulShift",
    at=AT,
    target="reactor-product-e",
    namespace="plant-a",
    id="d-55ee01b7a9",
    action="Retrain",
    authority="Confirm",
    found_at_fault="3",
    subjects=("xmeas_9", "xmeas_21", "xmv_10"),
    summary="The plant runs where version 3 has not been: 41 % of the rows lie outside of its reference.",
    evidence=evidence("shift", "3.1 times the limit of the reference", "1.0"),
    checks=(
        check("data suspect", "No tag is under suspicion."),
        check("concept drift", "No labels join the rows: whether inputs mean something else now cannot be seen."),
        check("plant moved", "The inputs have moved together, 3.1 times the limit of the reference.", Outcome.ANSWERED),
    ),
    guards=(
        check("data gate", "No tag is at fault, or it is not about training."),
        check("allowed", "Retrain may be asked for.", Outcome.ANSWERED),
    ),
    actor="trainingpipeline/product-e",
)
BENIGN = Case(
    verdict="BenignShift",
    at=AT,
    target="reactor-product-e",
    namespace="plant-a",
    id="d-0b7e9a1001",
    action="Propose",
    authority="Confirm",
    found_at_fault="3",
    subjects=("xmeas_1", "xmv_3"),
    summary="The plant has moved to another working point; version 3 is as good as before.",
    evidence=evidence("shift", "1.7 times the limit of the reference", "1.0"),
)
STUCK = Case(
    verdict="DataFault",
    at=AT,
    target="reactor-product-e",
    namespace="plant-a",
    id="d-ab12cd34ef",
    action="Quarantine",
    authority="Act",
    taken=True,
    subjects=("xmeas_7",),
    fault="Stuck",
    summary="xmeas_7 cannot be believed (Stuck): kept from training and model evidence until it recovers.",
    evidence=evidence("stuck", "100% of the rows of the last block", "5%", rows=60, minutes=3),
    checks=(
        check("xmeas_7 stuck", "1 in the last block (e = 2.5e+03)", Outcome.ANSWERED),
        check("xmeas_7 missing", "0 in the last block (e = 0.4)"),
    ),
)
BIASED = Case(
    verdict="DataFault",
    at=AT,
    target="reactor-product-e",
    namespace="plant-a",
    id="d-ab12cd34f0",
    action="Quarantine",
    authority="Act",
    refused="DryRun",
    subjects=("xmeas_9", "xmeas_13"),
    fault="Biased",
    evidence=evidence("biased", "4.2 times the limit of what the other tags allow", "1.0", rows=80, minutes=4),
    checks=(check("xmeas_9 biased", "4.2 in the last block (e = 1.3e+03)", Outcome.ANSWERED),),
)
UNKNOWN = Case(
    verdict="Unknown",
    at=AT,
    target="reactor-product-e",
    namespace="plant-a",
    summary="No evidence for 30 s: Prometheus does not answer.",
)
CASES = {
    "model-regression": REGRESSION,
    "concept-drift": CONCEPT,
    "harmful-shift": HARMFUL,
    "benign-shift": BENIGN,
    "stuck": STUCK,
    "biased": BIASED,
    "unknown": UNKNOWN,
}

TIMES = tuple(AT + timedelta(minutes=m) for m in range(-40, 11))
ODDS = Plot(
    title="How sure it is that the new version is worse (no lab results needed)",
    unit="odds that this is chance",
    times=TIMES,
    lines=(Series("version 4", tuple(max(0.0, 0.42 * m - 1.0) if m < 21 else min(8.39, 0.42 * m - 1) for m in range(-19, 32))),),
    limit=Limit(log(1000), "limit: 1 in 1,000"),
    marks=(Mark(AT - timedelta(minutes=21), "first bad row"), Mark(AT, "decided")),
    caption="Above the dashed line the version is convicted.",
    scale=Scale.ODDS,
)
TAGS = Plot(
    title="The tag, and what the other tags say of it",
    unit="kPa",
    times=TIMES,
    lines=(
        Series("xmeas_7", tuple(2705.0 if i > 25 else (None if i == 12 else 2705 + 4 * sin(i / 2)) for i in range(51))),
        Series("expected", tuple(2705 + 4 * sin(i / 2) + (0.4 * (i - 25) if i > 25 else 0) for i in range(51))),
    ),
    band=Band(2698, 2712, "usual range"),
    window=Span(AT - timedelta(minutes=15), AT + timedelta(minutes=10), "not believed"),
    marks=(Mark(AT, "decided"),),
    caption="The reading stays at one value while the others say that it should move.",
)
TIMELINE = Timeline(
    begin=AT - timedelta(hours=14),
    end=AT + timedelta(hours=6),
    verdicts=(
        Span(AT - timedelta(hours=14), AT - timedelta(hours=13), "NoEvidence", "NoEvidence"),
        Span(AT - timedelta(hours=13), AT - timedelta(hours=2), "Healthy", "Healthy"),
        Span(AT - timedelta(hours=2), AT, "NoEvidence", "NoEvidence"),
        Span(AT, AT + timedelta(minutes=20), "ModelRegression", "ModelRegression"),
        Span(AT + timedelta(minutes=20), AT + timedelta(hours=3), "Healthy", "Healthy"),
        Span(AT + timedelta(hours=3), AT + timedelta(hours=6), "HarmfulShift", "HarmfulShift"),
    ),
    faults=(
        Lane("xmeas_7", (Span(AT - timedelta(hours=5), AT + timedelta(hours=1), "Stuck", "DataFault"),)),
        Lane("xmeas_9", (Span(AT - timedelta(hours=9), AT - timedelta(hours=8.8), "Missing", "DataFault"),)),
    ),
    candidate=(Span(AT - timedelta(hours=2), AT, "NoEvidence", "NoEvidence"),),
    marks=(
        Mark(AT - timedelta(hours=5), "Quarantine of xmeas_7"),
        Mark(AT, "Rollback from version 4 to 3"),
        Mark(AT + timedelta(hours=3), "Retrain proposed, waiting for approval"),
        Mark(AT + timedelta(hours=3, minutes=4), "Alert"),
    ),
)
