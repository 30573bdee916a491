"""What git's log says was rolled back from one deployment, and from no other."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from andon.api.decision import rollback_id
from andon.api.quarantine import Conviction
from andon.ports.git.trailers import about, read

ONE, TWO, THREE = (f"sha256:{n:064x}" for n in (1, 2, 3))
MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def commit(decision: str, from_: str, to: str) -> str:
    return f"\x01{int(MADE.timestamp())}\0{decision}\0{from_}\0{to}\n"


def rollback(name: str = "reactor", from_: str = TWO, version: str = "2", override: str | None = None) -> tuple[str, str]:
    """The decision's id, and its commit."""
    decision = rollback_id("plant-a", name, from_, ONE, override)
    return decision, commit(decision, f"{version} {from_}", f"1 {ONE}")


def told(*commits: str) -> tuple[Conviction, ...]:
    """Of plant-a/reactor; the newest commit comes first, as git has it."""
    return about("plant-a", "reactor", read("".join(commits)))


def test_a_rollback_is_known_by_its_decision():
    decision, made = rollback()
    assert told(made) == (Conviction("2", TWO, decision, "plant-a/reactor", MADE),)


def test_what_was_rolled_back_elsewhere_is_not_convicted_here():
    _, elsewhere = rollback(name="boiler")
    assert told(elsewhere) == ()


def test_an_id_that_somebody_made_up_convicts_nobody():
    assert told(commit("d-0123456789", f"2 {TWO}", f"1 {ONE}")) == ()


def test_a_decision_after_an_override_counts_and_the_newest_about_a_revision_holds():
    first, made = rollback()
    second, after = rollback(override=first)
    third, other = rollback(from_=THREE, version="3", override=second)
    found = {c.digest: c.decision for c in told(other, after, made)}
    assert found == {TWO: second, THREE: third}
    assert told(after) == (), "the override that it names is known from the same history, or not at all"


def test_a_commit_that_says_less_than_a_rollback_must_is_passed_over():
    decision, made = rollback()
    broken = (commit(decision, "2", f"1 {ONE}"), commit(decision, f"2 {TWO}", ""), "\x01no fields\n", commit("", "", ""))
    assert [c.decision for c in told(*broken, made)] == [decision]


def test_a_commit_of_the_year_30000_has_no_date_and_counts():
    decision, made = rollback()
    assert told(made.replace(str(int(MADE.timestamp())), "9" * 12)) == (Conviction("2", TWO, decision, "plant-a/reactor", None),)


@given(st.text(max_size=300))
def test_no_text_of_others_raises(text: str):
    assert told(f"\x01{text}") == ()
