"""A change that a person merges waits in a branch of its own."""

import asyncio
import time
from dataclasses import replace

import pytest

from andon.api.permissions import WriteBackMode
from andon.ports.git.repository import GitRepository
from andon.ports.git.writeback import AlreadySo, Committed, Proposed, Refused
from andon.ports.missing import Missing
from integration.ports.test_repository import FILE, intent
from support.gitremote import Remote, manifest

BRANCH = "andon/plant-a/reactor/d-0123456789"


@pytest.fixture
def remote(tmp_path):
    remote = Remote(tmp_path)
    remote.push({FILE: manifest("2"), "plant-a/b.yaml": manifest("2", "b")})
    return remote


@pytest.fixture
async def repository(tmp_path):
    repository = GitRepository(tmp_path / "cache", timeout=10, pulls_per_day=2)
    yield repository
    await repository.close()


def proposal(url, *rest, options=()):
    made = replace(intent(url, *rest), mode=WriteBackMode.PULL_REQUEST)
    return replace(made, repository=made.repository.model_copy(update={"push_options": list(options)}))


def branches(remote):
    return remote.git("for-each-ref", "--format=%(refname:short)", "refs/heads/andon", at=remote.bare).split()


async def test_a_proposal_leaves_the_branch_as_it_is_and_differs_in_one_line(remote, repository):
    tip = remote.tip
    outcome = await repository.write_back(proposal(remote.url))
    assert isinstance(outcome, Proposed)
    assert (outcome.branch, remote.tip, branches(remote)) == (BRANCH, tip, [BRANCH])
    assert remote.git("diff", "--numstat", "main", BRANCH, at=remote.bare).split() == ["1", "1", FILE]


async def test_a_repeat_finds_its_branch_and_what_a_person_added_there(remote, repository):
    first = await repository.write_back(proposal(remote.url))
    assert await repository.write_back(proposal(remote.url)) == first
    remote.git("fetch", "-q", "origin")
    remote.git("checkout", "-q", BRANCH)
    remote.git("commit", "-q", "--allow-empty", "-m", "with a word of mine")
    remote.git("push", "-q", "origin", BRANCH)
    theirs = remote.git("rev-parse", BRANCH, at=remote.bare).strip()
    assert await repository.write_back(proposal(remote.url)) == Proposed(BRANCH, theirs)


async def test_a_merged_proposal_is_in_git(remote, repository):
    proposed = await repository.write_back(proposal(remote.url))
    remote.git("update-ref", "refs/heads/main", proposed.commit, at=remote.bare)
    assert await repository.write_back(proposal(remote.url)) == AlreadySo(proposed.commit)


async def test_a_newer_decision_about_the_object_takes_the_older_branch_away_and_no_other(remote, repository):
    await repository.write_back(proposal(remote.url))
    other = await repository.write_back(proposal(remote.url, "b", "d-b"))
    newer = await repository.write_back(replace(proposal(remote.url), decision="d-newer", new="3"))
    assert isinstance(newer, Proposed), "it takes a place, and the cap of two is not for it"
    assert branches(remote) == [other.branch, "andon/plant-a/reactor/d-newer"]


async def test_a_newer_decision_that_is_committed_takes_the_older_branch_away_and_no_other(remote, repository):
    await repository.write_back(proposal(remote.url))
    other = await repository.write_back(proposal(remote.url, "b", "d-b"))
    newer = await repository.write_back(replace(intent(remote.url), decision="d-newer", new="3"))
    assert (newer, branches(remote)) == (Committed(remote.tip), [other.branch])


async def test_what_a_person_wrote_meanwhile_takes_the_branch_away(remote, repository):
    await repository.write_back(proposal(remote.url))
    remote.push({FILE: manifest("3")})
    assert await repository.write_back(replace(intent(remote.url), decision="d-newer", new="3")) == AlreadySo(None)
    assert branches(remote) == []


@pytest.mark.parametrize("back", [proposal, intent])
async def test_a_branch_that_may_not_be_deleted_keeps_nothing_back(remote, repository, back):
    await repository.write_back(proposal(remote.url))
    remote.hook("pre-receive", "if grep -q ' 0000* '; then exit 1; fi")
    newer = await repository.write_back(replace(back(remote.url), decision="d-newer", new="3"))
    assert isinstance(newer, Proposed | Committed)
    assert BRANCH in branches(remote)


@pytest.mark.parametrize("back", [proposal, intent])
async def test_a_branch_on_which_a_person_has_committed_stays(remote, repository, back):
    await repository.write_back(proposal(remote.url))
    remote.git("fetch", "-q", "origin")
    remote.git("checkout", "-q", BRANCH)
    remote.git("commit", "-q", "--allow-empty", "-m", "mine")
    remote.git("push", "-q", "origin", BRANCH)
    await repository.write_back(replace(back(remote.url), decision="d-newer", new="3"))
    assert BRANCH in branches(remote)


async def test_beyond_the_cap_a_day_nothing_is_pushed_and_old_branches_do_not_count(remote, repository, monkeypatch):
    for name in ("reactor", "b"):
        await repository.write_back(proposal(remote.url, name, f"d-{name}"))
    remote.push({"plant-a/c.yaml": manifest("2", "c")})
    full = await repository.write_back(proposal(remote.url, "c", "d-c"))
    assert isinstance(full, Missing)
    assert "limits.pullBranchesPerDay" in full.detail
    assert len(branches(remote)) == 2
    tomorrow = time.time() + 86_500
    monkeypatch.setattr(time, "time", lambda: tomorrow)
    assert isinstance(await repository.write_back(proposal(remote.url, "c", "d-c")), Proposed)


async def test_what_was_made_and_merged_or_deleted_since_counts_for_the_day(remote, repository):
    for name in ("reactor", "b"):
        made = await repository.write_back(proposal(remote.url, name, f"d-{name}"))
        remote.git("update-ref", "-d", f"refs/heads/{made.branch}", at=remote.bare)
    remote.push({"plant-a/c.yaml": manifest("2", "c")})
    assert isinstance(await repository.write_back(proposal(remote.url, "c", "d-c")), Missing)
    assert branches(remote) == []


async def test_after_a_restart_those_that_are_open_count(remote, repository, tmp_path):
    for name in ("reactor", "b"):
        await repository.write_back(proposal(remote.url, name, f"d-{name}"))
    remote.push({"plant-a/c.yaml": manifest("2", "c")})
    restarted = GitRepository(tmp_path / "other", timeout=10, pulls_per_day=2)
    assert isinstance(await restarted.write_back(proposal(remote.url, "c", "d-c")), Missing)
    await restarted.close()


async def test_push_options_are_given_where_the_server_takes_them_and_left_out_where_not(remote, repository):
    told = remote.bare / "told"
    remote.hook("pre-receive", f'echo "$GIT_PUSH_OPTION_COUNT $GIT_PUSH_OPTION_0" >> {told}')
    await repository.write_back(proposal(remote.url, options=["merge_request.create"]))
    remote.git("config", "receive.advertisePushOptions", "false", at=remote.bare)
    await repository.write_back(proposal(remote.url, "b", "d-b", options=["merge_request.create"]))
    assert told.read_text().splitlines()[0] == "1 merge_request.create"
    assert len(branches(remote)) == 2


async def test_what_only_a_person_can_edit_is_explained_in_a_branch_that_changes_nothing(remote, repository):
    tip = remote.push({FILE: manifest("{{ v }}")})
    outcome = await repository.write_back(proposal(remote.url))
    assert isinstance(outcome, Refused)
    assert BRANCH in outcome.message
    assert remote.git("diff", "--stat", "main", BRANCH, at=remote.bare) == ""
    message = remote.git("log", "-1", "--format=%B", BRANCH, at=remote.bare)
    assert "Templated" in message
    assert f"{FILE}:8" in message
    assert message.rstrip().splitlines()[-3:][0].startswith("Andon-Decision: ")
    committed = await repository.write_back(intent(remote.url))
    assert isinstance(committed, Refused)
    assert remote.tip == tip


async def test_proposals_and_commits_of_one_moment_do_not_stand_on_each_other(remote, repository):
    proposed, committed = await asyncio.gather(
        repository.write_back(proposal(remote.url)), repository.write_back(intent(remote.url, "b", "d-b"))
    )
    assert isinstance(proposed, Proposed)
    assert committed == Committed(remote.tip)
    assert remote.show(f"{BRANCH}:plant-a/b.yaml") == manifest("2", "b")
