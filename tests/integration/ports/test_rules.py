"""The shipped alerting rules, in a real Prometheus."""

import json
import urllib.request

import pytest

from integration.ports.conftest import NUMBERS
from support.eventually import eventually


def rules(address):
    with urllib.request.urlopen(f"{address}/api/v1/rules", timeout=5) as answer:  # noqa: S310 - this test's own address
        groups = json.load(answer)["data"]["groups"]
    return {rule["name"]: rule for group in groups for rule in group["rules"]}


def test_every_rule_is_understood_and_evaluated(prometheus, fresh):
    loaded = eventually(lambda: rules(prometheus), lambda found: all(r["health"] == "ok" for r in found.values()), within=15)
    assert len(loaded) == 8


OPEN = 'andon_decision_open{namespace="plant-a",policy="watch",action="Rollback",verdict="ModelRegression"} 1'


@pytest.mark.parametrize(
    ("alert", "exported", "labels"),
    [
        pytest.param("AndonDecisionOpen", OPEN, {"policy": "watch", "action": "Rollback"}, id="a decision is open"),
        pytest.param(
            "AndonActionsRefused", 'andon_actions_refused_total{reason="BudgetSpent"} 1', {"reason": "BudgetSpent"},
            id="the first refusal of its sort",
        ),
        pytest.param(
            "AndonNotificationsLost", 'andon_notifications_lost_total{reason="WebhookTimeout"} 1', {"reason": "WebhookTimeout"},
            id="the first that was not told",
        ),
    ],
)  # fmt: skip
def test_an_alert_fires_as_soon_as_it_is_exported_and_says_about_what(prometheus, fresh, alert, exported, labels):
    fresh.export(more=[exported], **NUMBERS)
    fired = eventually(lambda: rules(prometheus)[alert]["alerts"], bool, within=15)
    assert labels.items() <= fired[0]["labels"].items()
    assert set(labels.values()) & set(fired[0]["annotations"]["summary"].replace(":", " ").split())
