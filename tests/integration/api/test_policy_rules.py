"""The API server and pydantic say the same of what only a DriftPolicy has: windows of time, signals, unknown actions."""

import pytest
from pydantic import ValidationError

from andon.api.kinds import DRIFT_POLICY
from andon.api.policy import DriftPolicySpec

SIGNAL = {"name": "scrap", "query": "scrap_share", "fire": "0.05", "clear": "0.03"}


def policy(**more):
    return {"targetRef": {"name": "m"}} | more


def window(since, until):
    return policy(expectedShift=[{"from": since, "to": until, "reason": "catalyst change"}])


def signals(*changes):
    return policy(signals=[{"promql": SIGNAL | change} for change in changes])


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        pytest.param(policy(), None, id="a target is enough"),
        pytest.param(window("2026-12-01T06:00:00Z", "2026-12-01T18:00:00+01:00"), None, id="a shift of some hours"),
        pytest.param(window("2026-12-01T06:00:00Z", "2026-12-01T07:00:00+01:00"), "from must be before to", id="no time at all"),
        pytest.param(window("2026-01-01T00:00:00Z", "2026-04-02T00:00:00Z"), "at most 90 days", id="a shift for ever"),
        pytest.param(signals({}, {"name": "waste"}), None, id="two signals"),
        pytest.param(signals({}, {}), "two signals must not have one name", id="two signals of one name"),
        pytest.param(signals({"clear": "0.05"}), "fire and clear must differ", id="no gap between the levels"),
        pytest.param(signals({"hysteresis": {"samples": 6}}), "samples must not be more", id="more samples than there are"),
        pytest.param(signals({"verdict": "BenignShift"}), "verdict", id="a signal cannot say that all is well"),
        pytest.param(policy(actions={"BenignShift": "Retrain"}), "BenignShift", id="nothing is retrained for no harm"),
        pytest.param(policy(actions={"DataFault": "Rollback"}), "DataFault", id="no rollback for a data fault"),
        pytest.param(policy(authority={"Rollback": "Maybe"}), "Rollback", id="no such authority"),
        pytest.param(policy(evidence={"falseAlarmsPerYear": "0"}), "falseAlarmsPerYear must lie", id="no false alarm, ever"),
        pytest.param(policy(colour="red"), "colour", id="a field that there is not"),
    ],
)
def test_a_policy_is_read_alike_by_server_and_model(spec, said, submit):
    answer = submit(DRIFT_POLICY, spec)
    if said is None:
        assert not isinstance(answer, str), answer
        DriftPolicySpec.model_validate(spec)
        return
    assert isinstance(answer, str)
    assert said in answer
    with pytest.raises(ValidationError, match=said):
        DriftPolicySpec.model_validate(spec)
