"""What a server exports of its evidence: about whom, and never too much."""

from types import SimpleNamespace

from prometheus_client.parser import text_string_to_metric_families

from andon.api.evidence import TAG_FAULTS
from andon.runtime.serve.metrics import Metrics
from andon.runtime.serve.rows.tally import Finding
from andon.stats.blocks import Evidence

STABLE, CANDIDATE = ("sha256:" + letter * 64 for letter in "ab")


def loaded(digest):
    return SimpleNamespace(slot=SimpleNamespace(version="1", digest=digest, profile_digest="sha256:" + "c" * 64))


def said(question, subject, log_e=0.0):
    return Evidence(question, subject, log_e, 20, 1, 1.0, 0.5, 2.0)


def exported(*evidence, candidate=CANDIDATE):
    nobody = SimpleNamespace(stable=None, candidate=None, reference=None)
    metrics = Metrics("plant-a", "product-e", nobody)
    metrics.rows.findings = (Finding(loaded(STABLE), loaded(candidate) if candidate else None, evidence),)
    families = text_string_to_metric_families(metrics.text().decode())
    return [sample for family in families for sample in family.samples if sample.name.startswith("andon_evidence_")]


def told(samples):
    return {(s.labels["question"], s.labels["subject"]): s.labels["revision"] for s in samples}


def test_what_is_said_of_the_candidate_carries_its_revision_and_all_else_the_stables():
    asked = [
        ("loss", "candidate"),
        ("paired", "candidate"),
        ("error", "stable"),
        ("shift", "inputs"),
        ("regime", "3"),
        ("stuck", "x"),
    ]
    samples = exported(*(said(*one) for one in asked))
    assert told(samples) == {one: ("b" if one[1] == "candidate" else "a") * 12 for one in asked}
    assert {s.labels["profile"] for s in samples} == {"c" * 8}


def test_of_a_candidate_that_is_not_loaded_nothing_is_said():
    assert told(exported(said("loss", "candidate"), said("shift", "inputs"), candidate=None)) == {("shift", "inputs"): "a" * 12}


def test_of_very_many_tags_those_most_at_fault_are_exported():
    tags = [said(question, f"t{n}", log_e=float(n)) for question in TAG_FAULTS for n in range(1024)]
    others = [said("loss", "candidate", -9.0), said("error", "stable", -9.0), said("regime", "3"), said("reference", "blocks")]
    samples = exported(*tags, *others)
    assert len(samples) <= 2000
    assert {("loss", "candidate"), ("error", "stable"), ("regime", "3"), ("reference", "blocks")} <= told(samples).keys()
    assert {(question, "t1023") for question in TAG_FAULTS} <= told(samples).keys()
    assert ("stuck", "t0") not in told(samples)
