"""A real API server, holding our policies, refuses what we refuse and accepts what we accept.

Policies are evaluated twice: by us when objects are rendered, and by the cluster when they are applied. Kubernetes' own
samples of Pod Security are judged by both.
"""

import shutil
import time
from collections.abc import Mapping
from typing import Any

import pytest

from generator.artifacts import admission_policies
from generator.model import Artifact, Resource
from generator.pipeline import KINDS, check
from generator.render import render
from generator.resolve import resolve
from tests.conformance.cases import repository
from tests.e2e import test_pod_security as samples
from tests.rigs.api_server import ApiServer, Reply
from tests.rigs.cache import REPOSITORY

NAMESPACE = "shop"
"""Namespace of the environment `live` of the conformance tests' base."""
SETTLE_SECONDS = 30
FEW = 10
"""Samples that an API server refuses by itself: it allows no privileged containers, whatever a policy says."""
BAD: Mapping[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "bad", "namespace": NAMESPACE},
    "spec": {"hostNetwork": True, "containers": [{"name": "a", "image": "a"}]},
}


@pytest.fixture(scope="module")
def guarded(server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> ApiServer:
    """The API server with the policy pod-security in one namespace, once it is in force."""
    root = repository(tmp_path_factory.mktemp("policies"))
    (root / "policies").mkdir()
    shutil.copy(REPOSITORY / "policies/pod-security.yaml", root / "policies")
    (view,) = (view for view in check(root).views if view.environment == "live")
    artifact = Artifact("admission_policies", admission_policies.render)
    rendered = render(resolve(view, KINDS), {artifact.name: artifact}, NAMESPACE)
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    for manifest in (space, *(item.manifest for item in rendered if isinstance(item, Resource))):
        reply = server.apply(manifest)
        assert not reply.refusal, reply.refusal
    end = time.monotonic() + SETTLE_SECONDS
    while not server.apply(BAD, dry_run=True).refusal:
        assert time.monotonic() < end, "the policy never came into force"
        time.sleep(0.1)
    return server


def _asked(server: ApiServer, pod: Mapping[str, Any]) -> Reply:
    here = {**pod, "metadata": {**pod["metadata"], "name": "asked", "namespace": NAMESPACE}}  # some names are no names
    return server.apply(here, dry_run=True)


def test_the_cluster_refuses_what_we_refuse(guarded: ApiServer) -> None:
    refusals = {name: _asked(guarded, pod).refusal for name, pod in samples.pods("fail")}
    assert [name for name, refusal in refusals.items() if not refusal] == []
    others = [name for name, refusal in refusals.items() if "ValidatingAdmissionPolicy" not in refusal]
    assert len(others) <= FEW, f"refused before a policy was asked, so nothing is known of ours: {others}"


def test_the_cluster_accepts_what_we_accept(guarded: ApiServer) -> None:
    refusals = {name: _asked(guarded, pod).refusal for name, pod in samples.pods("pass")}
    assert {name: refusal for name, refusal in refusals.items() if refusal} == {}


def test_the_cluster_says_why(guarded: ApiServer) -> None:
    refusal = guarded.apply(BAD, dry_run=True).refusal
    assert "a pod shares no network, processes or memory with its node" in refusal


def test_other_namespaces_are_left_alone(guarded: ApiServer) -> None:
    assert not guarded.apply({**BAD, "metadata": {"name": "bad", "namespace": "default"}}, dry_run=True).refusal
