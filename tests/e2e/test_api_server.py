"""A real API server accepts what we render, as it is, and returns it as it is.

The second matters as much as the first: where the server fills in or rewrites a field of ours, Argo CD sees a
difference for ever. So defaults are written out and quantities stand in their canonical form.
"""

import re
import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.conftest import per_item
from tests.rigs import rendered
from tests.rigs.api_server import MANAGER, ApiServer, Reply
from tests.rigs.managed_fields import differences, owned
from tests.rigs.rendered import Item

BY_SERVER = re.compile(r"\.spec\.volumeClaimTemplates\[\d+\]\.status:")  # nobody can render it; Argo CD knows
SETTLE_SECONDS = 30
TRIES = 20


@pytest.mark.parametrize("environment", rendered.ENVIRONMENTS)
def test_every_environment_is_rendered_into_known_groups(environment: str) -> None:
    assert rendered.items(environment), f"no object in {rendered.ROOT / environment}: render first"
    assert rendered.groups(environment) <= {*rendered.GROUPS, rendered.DOCUMENTS}


@per_item()
def test_object_is_accepted(server: ApiServer, item: Item) -> None:
    _assert_accepted(server.apply(item.manifest, item.text, dry_run=True))


@per_item()
def test_object_comes_back_as_rendered(server: ApiServer, item: Item) -> None:
    reply = server.apply(item.manifest, item.text)
    _assert_accepted(reply)
    found = [line for line in differences(item.manifest, owned(reply.body, MANAGER)) if not BY_SERVER.match(line)]
    assert not found, "\n".join(found)


@per_item()
def test_second_apply_changes_nothing(server: ApiServer, item: Item) -> None:
    first = server.apply(item.manifest, item.text)
    _assert_accepted(first)
    before, after = _apply_when_quiet(server, item)
    assert _version(after) == _version(before), "every apply writes a new version: Argo CD would sync for ever"
    assert after["metadata"].get("generation") == first.body["metadata"].get("generation")


@per_item("ValidatingAdmissionPolicy")
def test_policy_expressions_fit_the_types_that_they_match(server: ApiServer, item: Item) -> None:
    generation = server.apply(item.manifest, item.text).body["metadata"]["generation"]
    end = time.monotonic() + SETTLE_SECONDS
    status: dict[str, Any] = {}
    while status.get("observedGeneration") != generation:
        assert time.monotonic() < end, "the policy's expressions were never checked"
        time.sleep(0.1)
        status = server.read(item.manifest).body.get("status", {})
    assert not status.get("typeChecking", {}).get("expressionWarnings")


def _assert_accepted(reply: Reply) -> None:
    assert not reply.refusal
    assert not reply.warnings


def _apply_when_quiet(server: ApiServer, item: Item) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The object before and after an apply; tried again in case a controller wrote its status in between."""
    tries = [(server.read(item.manifest).body, server.apply(item.manifest, item.text).body)]
    while len(tries) < TRIES and _version(tries[-1][0]) != _version(tries[-1][1]):
        time.sleep(0.1)
        tries.append((server.read(item.manifest).body, server.apply(item.manifest, item.text).body))
    return tries[-1]


def _version(live: Mapping[str, Any]) -> str:
    return live["metadata"]["resourceVersion"]
