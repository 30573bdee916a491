"""All evidence of one server: which rows count for what, what is taken back, and what another trial or profile begins anew."""

from math import log

import numpy as np
import orjson
import pytest

from andon.api.evidence import SETTLING, TAG_QUESTIONS, UNKNOWN_REGIME
from andon.stats.build import profile
from andon.stats.ledger import Ledger, Trial, features
from unit.stats.profiles import MAX_AGE, TAGS, a_process, in_units, of_the_process, reference, rows, truth
from unit.stats.stories import TRIAL, played, said, server

CONVICTS = log(1000)
PAIRED, LOSS, LOSS_EQUAL, ERROR = ("paired", "candidate"), ("loss", "candidate"), ("loss-equal", "candidate"), ("error", "stable")


def story(n=600, seed=31, regimes=None, fault=None):
    """Sound rows, and what the labels of the plant really are; fault: changes the standardised values of tag d, in place."""
    z = a_process(n, seed)
    real = truth(z)
    if fault is not None:
        fault(z[:, 3])
    return rows(in_units(z), regimes=regimes), real


def biased(column):
    column[200:] += 3


def test_sound_rows_count_for_every_question():
    found = said(played(story()[0]).ledger)
    assert (found[PAIRED].rows, found[LOSS].rows, found[ERROR].rows) == (600, 560, 560)
    assert {e.block for (question, tag), e in found.items() if question in TAG_QUESTIONS and tag in TAGS} == {30}
    assert {e.epoch for e in found.values()} == {999.0}


def test_a_candidate_half_as_bad_again_is_found_by_its_labels():
    assert said(played(story(320)[0], worse=0.5).ledger)[LOSS].log_e >= CONVICTS


def test_an_equal_candidate_is_cleared_and_nobody_else_accused():
    found = said(played(story(1500)[0]).ledger)
    assert found[LOSS_EQUAL].log_e >= log(20)
    assert {question for (question, _), e in found.items() if e.log_e >= log(20)} == {"loss-equal", "paired-equal"}


def test_a_wild_candidate_is_found_without_labels():
    given, real = story()
    assert said(played(given, labels=np.full_like(real, np.nan), worse=4).ledger)[PAIRED].log_e >= CONVICTS


@pytest.mark.parametrize("worse", [0.0, 0.5])
def test_a_sensor_fault_is_named_and_repaired_so_that_the_candidates_evidence_goes_on(worse):
    given, real = story(800, fault=biased)
    found = said(played(given, labels=real, worse=worse).ledger)
    assert found["biased", "d"].log_e >= CONVICTS
    assert found[LOSS].rows >= 650
    assert (found[LOSS].log_e >= CONVICTS) is (worse > 0)
    assert found[LOSS].value == pytest.approx(1 + worse, abs=0.2)


def test_the_repaired_value_is_what_the_others_say():
    given, real = story(fault=biased)
    one = server(given, labels=real)
    for until in range(20, 600, 20):
        one.take(until)
    judged = one.take(600)
    measured = features(given.part(580, 600), of_the_process(), MAX_AGE)
    assert judged.repaired.all()
    assert judged.fit.all()
    assert np.array_equal(np.delete(judged.inputs, 3, axis=1), np.delete(measured, 3, axis=1))
    sound = in_units(a_process(600, 31))[580:, 3]
    assert np.abs(judged.inputs[:, 3] - sound).mean() < 0.3 * np.abs(measured[:, 3] - sound).mean()


def test_a_single_wild_value_is_repaired_and_its_row_counts():
    def wild(column):
        column[250] = 50

    given, real = story(fault=wild)
    one = server(given, labels=real)
    assert np.flatnonzero(one.take(600).repaired).tolist() == [250]
    assert said(one.ledger)[PAIRED].rows == 600


def test_a_row_in_which_the_whole_plant_jumps_is_not_repaired():
    z = a_process(60, 31)
    z[30] += 12 * np.array([1, -1] * 4)
    judged = server(rows(in_units(z))).take(60)
    assert not judged.repaired.any()
    assert judged.fit.all()


def test_what_counted_since_a_fault_began_is_taken_back_when_it_is_found():
    given, real = story(fault=biased)
    before, after = (said(played(given.part(0, n), labels=real[:n]).ledger) for n in (240, 260))
    assert before[PAIRED].rows == 240
    assert after["biased", "d"].log_e >= CONVICTS
    assert (after[PAIRED].rows, after[PAIRED].last_row) == (180, given.times[179])  # it may have begun a block before it showed


def test_labels_of_rows_that_were_taken_back_say_nothing_when_they_come_later():
    """Labels are 200 rows late: when they come for the rows before the fault was found, it has long been known."""
    given, real = story(fault=biased)
    wrong = played(given, labels=real, late=200)
    disturbed = real.copy()
    disturbed[200:260] += 100
    assert said(played(given, labels=disturbed, late=200).ledger)[LOSS] == said(wrong.ledger)[LOSS]


@pytest.mark.parametrize("portion", [1, 20, 600])
def test_rows_of_a_fault_count_for_nobody_however_coarse_the_portions(portion):
    given, real = story(fault=biased)
    one = server(given, labels=np.full_like(real, np.nan))
    for until in range(portion, 601, portion):
        one.take(until)
    assert said(one.ledger)[PAIRED].rows == 520


def test_a_movement_of_the_plant_names_the_tags_that_moved_and_only_while_it_lasts():
    z = a_process(900, 31)
    z[300:600, [1, 4]] += [4.0, -3.0]
    there, back = (said(played(rows(in_units(z[:until]))).ledger) for until in (500, 900))
    assert [subject for question, subject in there if question == "moved"] == [TAGS[1], TAGS[4]]
    assert there["moved", TAGS[1]].value == pytest.approx(4, abs=1)
    assert "moved" not in {question for question, _ in back}


def test_errors_are_not_put_down_to_the_stable_while_a_tag_is_at_fault():
    given, real = story(800, fault=biased)
    found = said(played(given, labels=real).ledger)
    assert found[ERROR].rows < 300
    assert found[ERROR].log_e < log(20)


def test_nor_errors_on_repaired_rows_whose_labels_come_when_the_tag_has_healed():
    def healed(column):
        column[200:300] += 3

    given, real = story(600, fault=healed)
    disturbed = real.copy()
    disturbed[260:300] += 100
    first, second = (said(played(given, labels=labels, late=200).ledger)[ERROR] for labels in (real, disturbed))
    assert first == second
    assert first.rows >= 100


def test_nor_while_one_is_nearly_so():
    def nearly(column):
        column[200:] += 0.9

    given, real = story(fault=nearly)
    found = said(played(given, labels=real).ledger)
    assert {subject for question, subject in found if found[question, subject].log_e >= CONVICTS} & set(TAGS) == set()
    assert found[ERROR].rows < 400 < found[LOSS].rows


def test_the_stable_that_errs_more_than_it_did_is_found():
    given, real = story()
    real[300:] += 0.5
    found = said(played(given, labels=real).ledger)
    assert found[ERROR].log_e >= CONVICTS
    assert found[ERROR].value > 3
    assert found[LOSS].log_e < CONVICTS


@pytest.mark.parametrize("name", [SETTLING, "unheard of"])
def test_rows_of_no_known_regime_are_evidence_of_nothing(name):
    given, real = story(regimes=("",) * 200 + (name,) * 400)
    wild = in_units(np.where(np.arange(600)[:, None] < 200, 0.0, 9.0) + a_process(600, 31))
    found = said(played(rows(wild, regimes=given.regimes), labels=real, worse=0.0).ledger)
    assert (found[PAIRED].rows, found[LOSS].rows) == (200, 200)
    assert {key for key, e in found.items() if e.log_e >= log(20) and key != LOSS_EQUAL} == set()
    assert found["regime", SETTLING if name == SETTLING else UNKNOWN_REGIME].value == 1.0


def test_a_block_in_which_the_regime_changes_says_nothing_of_inputs_and_its_rows_still_count():
    given, real = story(240, regimes=("",) * 230 + (SETTLING,) * 10)
    moved = given.values.copy()
    moved[220:] += 50 * moved.std(axis=0)
    found = said(played(rows(moved, regimes=given.regimes), labels=real).ledger)
    assert found["shift", "inputs"].log_e < 0
    assert found["regime", "all"].value == found["regime", SETTLING].value == 0.5


def test_rows_without_any_value_are_evidence_of_missing_tags_alone():
    given, real = story(200)
    nothing = rows(np.where(np.arange(200)[:, None] < 100, given.values, np.nan))
    found = said(played(nothing, labels=real).ledger)
    assert found[PAIRED].rows == 100
    assert {key for key, e in found.items() if e.log_e >= CONVICTS and key != LOSS_EQUAL} == {("missing", tag) for tag in TAGS}


def test_a_row_of_which_too_much_is_missing_is_nobodys():
    given, _ = story(60)
    holes = given.values.copy()
    holes[30, :2], holes[40, :3] = np.nan, np.nan
    judged = server(rows(holes)).take(60)
    assert np.flatnonzero(~judged.fit).tolist() == [40]
    assert np.flatnonzero(judged.repaired & judged.fit).tolist() == [30]


def test_no_rows_change_nothing():
    one = server(story()[0])
    one.take(30)
    before = one.ledger.state()
    assert one.take(30).inputs.shape == (0, len(TAGS))
    assert one.ledger.state() == before


def test_a_ledger_that_has_not_begun_says_so():
    with pytest.raises(ValueError, match="begin"):
        Ledger().take(story()[0], MAX_AGE)
    assert Ledger().evidence() == []
    assert Ledger.restore(Ledger().state()).state() == {}


@pytest.mark.parametrize(
    ("other", "kept"),
    [
        pytest.param(Trial("s", "d", 0.10), {"error"}, id="another candidate"),
        pytest.param(Trial("s", "c", 0.20), {"error"}, id="another margin"),
        pytest.param(Trial("s", None, 0.10), {"error"}, id="no candidate any more"),
        pytest.param(Trial("t", "c", 0.10), set(), id="another stable"),
    ],
)
def test_another_trial_is_another_epoch_and_the_tags_go_on(other, kept):
    ledger = played(story()[0]).ledger
    tags = {key: e for key, e in said(ledger).items() if key[0] in TAG_QUESTIONS}
    ledger.begin(of_the_process(), other, 2e9)
    found = said(ledger)
    assert {question for question, _ in found} & {"error", "loss", "loss-equal", "paired", "paired-equal"} == kept
    assert {key: e for key, e in found.items() if key[0] in TAG_QUESTIONS} == tags


def test_evidence_of_the_next_trial_has_the_time_at_which_that_began():
    one = server(story()[0])
    one.take(300)
    one.ledger.begin(of_the_process(), Trial("s", "d", 0.10), 2e9)
    one.take(340)
    assert (said(one.ledger)[PAIRED].epoch, said(one.ledger)[PAIRED].rows) == (2e9, 40)


def test_the_same_trial_goes_on():
    ledger = played(story()[0]).ledger
    before = orjson.dumps(ledger.state())
    ledger.begin(of_the_process(), TRIAL, 2e9)
    assert orjson.dumps(ledger.state()) == before


def another_profile(tags=TAGS):
    given = rows(in_units(a_process(300, 44)))
    return given.columns(tags)


def test_another_profile_of_the_same_tags_keeps_what_is_known_of_them():
    given, real = story(fault=biased)
    ledger = played(given, labels=real).ledger
    ledger.begin(profile(reference(another_profile())), Trial("t", None, 0.10), 2e9)
    assert said(ledger)["biased", "d"].log_e >= CONVICTS
    assert ledger.report()["notBelieved"] == ["d"]
    ledger.begin(profile(reference(another_profile(TAGS[:5]))), Trial("u", None, 0.10), 3e9)
    assert ledger.evidence() == []
    assert ledger.report()["notBelieved"] == []


def test_the_report_is_json_and_tells_how_the_last_fifty_blocks_were():
    given, real = story(1500, fault=biased)
    report = orjson.loads(orjson.dumps(played(given, labels=real).ledger.report()))
    assert report["notBelieved"] == ["d"]
    assert report["blocksOfReference"] == 100
    assert len(report["history"]["times"]) == 50
    told = report["history"]["tags"]["d"]
    assert {name: len(column) for name, column in told.items()} == {"values": 50, "told": 50, "off": 50}
    assert min(told["off"]) > 1
    assert orjson.dumps(Ledger().report())


def test_the_state_stays_small_however_long_it_runs():
    given, real = story(4000, fault=biased)
    sizes = [len(orjson.dumps(played(given.part(0, n), labels=real[:n]).ledger.state())) for n in (400, 4000)]
    assert sizes[1] < 1.5 * sizes[0] < 60_000


def test_evidence_goes_on_after_two_faults_that_were_found_close_together():
    """What was gone back to once can be gone back to again: the second time it must be what it was the first time."""

    def off(column):
        column[200:400] += 3

    given, real = story(800, fault=off)
    given.values[230:400, 0] = given.values[230, 0]
    ledger = played(given, labels=real, late=5).ledger
    assert said(ledger)[LOSS].rows > 600
