"""`andon history` as a user runs it."""

import json

import yaml

from andon.api.exits import Exit
from integration.cli.conftest import ROLLBACK
from support.documents import ONE, SINCE, status_of

SERVED = [{**ONE.model_dump(), "since": SINCE, "by": "andon.dev/pin"}]


def test_a_deployments_past_in_every_form(asking):
    asking.write_status("ModelDeployment", "product-e", status_of("ModelDeployment", history=SERVED))

    def told(*more):
        return asking.andon("history", "product-e", "-n", asking.namespace, *more)

    done = told()
    assert done.returncode == Exit.OK, done.stderr
    head, first, *_ = done.stdout.splitlines()
    assert head.split() == ["WHEN", "WHAT", "STATE", "BY", "COMMIT"]
    assert first.split() == ["22", "Nov", "12:00:00", "UTC", "version", "1", "(sha256:111111…)", "serves", "andon.dev/pin"]
    document = json.loads(told("-o", "json").stdout)
    assert {event["kind"] for event in document["events"]} == {"Served", "Decision"}
    assert yaml.safe_load(told("-o", "yaml").stdout) == document
    assert ROLLBACK in told("-o", "name").stdout.split()


def test_who_mistypes_is_told_what_there_is(still):
    done = still.andon("history", "produkt-e", "-n", still.namespace)
    assert (done.returncode, done.stderr.strip().endswith("; there is: product-e")) == (Exit.FAILED, True)
