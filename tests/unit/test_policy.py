"""Policies are judged here as the API server judges them; exceptions are exact and come to an end."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from generator.artifacts import admission_policies
from generator.artifacts.admission_policies import plural
from generator.checks import waiver_expired
from generator.pipeline import KINDS, build_all, check
from generator.problems import Problem
from generator.resolve import resolve
from generator.rules import clock
from generator.rules.cel import environment, quantity
from generator.rules.policy import literal
from tests.conformance.cases import built_problems, problems
from tests.conformance.cases import repository as base
from tests.unit.conftest import Repository


def _cel(text: str, **variables: Any) -> Any:
    result = environment().compile(text).eval(data={"object": {}, "variables": variables})
    return result.plain_value()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("quantity('1Gi').isGreaterThan(quantity('1G'))", True),
        ("quantity('500m').isLessThan(quantity('0.5'))", False),
        ("quantity('1000m').compareTo(quantity('1'))", 0),
        ("quantity('1e3').compareTo(quantity('1k'))", 0),
        ("isQuantity('1.5Gi') && !isQuantity('1GB') && !isQuantity('')", True),
        ("isIP('10.0.0.1') && isIP('::1') && !isIP('10.0.0.256')", True),
        ("isCIDR('10.0.0.0/8') && !isCIDR('10.0.0.0/33')", True),
        ("'registry.example.com/a:1'.find('[^/]*$')", "a:1"),
        ("sets.contains([1, 2, 3], [2])", True),
        ("sets.intersects([1], [2])", False),
        ("{'a': 1}.?b.orValue(7)", 7),
        ("'A-b'.lowerAscii()", "a-b"),
        ("variables.x.map(i, i * 2)", [2, 4]),
    ],
)
def test_functions_of_kubernetes(text: str, value: Any) -> None:
    assert _cel(text, x=[1, 2]) == value


@pytest.mark.parametrize("text", ["oldObject.spec", "request.operation == 'CREATE'", "authorizer.path('/')", "params.x",
                                  "namespaceObject.metadata.name", "nothing(1)", "object.spec = 1"])  # fmt: skip
def test_what_only_a_cluster_knows_is_refused(text: str) -> None:
    with pytest.raises(RuntimeError):
        environment().compile(text)


QUANTITIES = {
    "1": "1",
    "100m": "0.1",
    "1Ki": "1024",
    "1.5Gi": "1610612736",
    "2M": "2000000",
    "1e3": "1000",
    ".5": "0.5",
}


@pytest.mark.parametrize("text", QUANTITIES)
def test_quantities(text: str) -> None:
    assert quantity(text) == Decimal(QUANTITIES[text])


@pytest.mark.parametrize("value", [None, True, 1, -2.5, "a'b\"c\\d\ne\u2028", [1, [2]], {"a": {"b": []}}, {}, []])
def test_a_literal_is_the_value(value: Any) -> None:
    assert _cel(literal(value)) == value


RESOURCES = {"Pod": "pods", "NetworkPolicy": "networkpolicies", "Ingress": "ingresses", "Gateway": "gateways",
             "Endpoints": "endpoints", "CronJob": "cronjobs", "StorageClass": "storageclasses"}  # fmt: skip


@pytest.mark.parametrize("kind", RESOURCES)
def test_resource_names(kind: str) -> None:
    assert plural(kind) == RESOURCES[kind]


# --- policies and waivers, from specs to findings ---------------------------------------------------------------------

POLICY = """\
apiVersion: apm/v1
kind: Policy
metadata: {name: short-names}
spec:
  match: [{apiGroups: [apps], kinds: [Deployment]}]
  params: {most: 8}
  validations:
    - {expression: "size(object.metadata.name) <= variables.params.most", message: a name is short}
  pass: [{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}]
  fail: [{apiVersion: apps/v1, kind: Deployment, metadata: {name: much-too-long}}]
"""


def _waiver(name: str, scope: str, rule: str = "short-names", expires: str = "2999-12-31") -> str:
    reason, owner = "The name is older than the rule.", "operations"
    return (
        f"---\napiVersion: apm/v1\nkind: Waiver\nmetadata: {{name: {name}}}\nspec: {{rule: {rule}, scope: {scope}, "
        f'reason: {reason}, owner: {owner}, expires: "{expires}"}}\n'
    )


def _root(tmp_path: Path, repository: Repository, more: str = "", policy: str = POLICY) -> Path:
    base(tmp_path)
    return repository(
        {"policies/short.yaml": policy, "specs/waivers.yaml": more} if more else {"policies/short.yaml": policy}
    )


def _told(found: tuple[Problem, ...]) -> list[tuple[str, str, str]]:
    return [(p.code, p.place.file, p.message) for p in found]


LONG = [
    ("policy", "specs/runtime.yaml", f"the rendered Deployment main-{role}: a name is short")
    for role in ("scheduler", "worker")
]


def test_a_policy_is_judged_on_what_is_rendered(tmp_path: Path, repository: Repository) -> None:
    found = built_problems(_root(tmp_path, repository))
    assert _told(found) == LONG
    assert [str(place) for place, _ in found[0].related] == ["policies/short.yaml:8:20"]


def test_a_warning_refuses_nothing(tmp_path: Path, repository: Repository) -> None:
    policy = POLICY.replace("  params:", "  severity: warning\n  params:")
    found = built_problems(_root(tmp_path, repository, policy=policy))
    assert [p.severity for p in found] == ["warning", "warning"]


def test_an_environment_can_change_the_values_of_a_policy(tmp_path: Path, repository: Repository) -> None:
    root = _root(tmp_path, repository)
    path = root / "specs/environments.yaml"
    path.write_text(path.read_text() + "  overlay: {Policy: {short-names: {params: {most: 20}}}}\n")
    assert built_problems(root) == ()


def test_a_policy_for_protected_environments_holds_there_only(tmp_path: Path, repository: Repository) -> None:
    root = _root(tmp_path, repository, policy=POLICY.replace("  params:", "  environments: protected\n  params:"))
    assert len(built_problems(root)) == 2
    path = root / "specs/system.yaml"
    path.write_text(path.read_text().replace("[live]", "[]"))
    assert built_problems(root) == ()


def test_a_waiver_covers_one_object(tmp_path: Path, repository: Repository) -> None:
    waiver = _waiver("old", "{kind: Deployment, name: main-worker, environment: live}")
    assert _told(built_problems(_root(tmp_path, repository, waiver))) == LONG[:1]


@pytest.mark.parametrize(
    "scope",
    [
        "{kind: Deployment, name: main-api, environment: live}",
        "{kind: Service, name: main-worker, environment: live}",
        "{kind: Deployment, name: main-worker, environment: local}",
    ],
)
def test_a_waiver_that_fits_nothing_covers_nothing(tmp_path: Path, repository: Repository, scope: str) -> None:
    found = built_problems(_root(tmp_path, repository, _waiver("old", scope)))
    assert [t for t in _told(found) if t[0] == "policy"] == LONG
    unused = [t for t in _told(found) if t[0] == "unused-waiver"]
    assert unused == [("unused-waiver", "specs/waivers.yaml", 'nothing needs the waiver "old"')]


def test_a_waived_object_is_waived_in_the_cluster_too(tmp_path: Path, repository: Repository) -> None:
    waivers = "".join(
        _waiver(role, f"{{kind: Deployment, name: main-{role}, environment: live}}") for role in ("worker", "scheduler")
    )
    build_all(_root(tmp_path, repository, waivers))
    view = next(view for view in check(tmp_path).views if view.environment == "live")
    rendered = admission_policies.render(resolve(view, KINDS))
    (policy,) = (resource for resource in rendered if resource.kind == "ValidatingAdmissionPolicy")
    conditions = [condition["expression"] for condition in policy.body["spec"]["matchConditions"]]

    def judged(kind: str, name: str) -> bool:
        programs = [environment().compile(text) for text in conditions]
        value = {"kind": kind, "metadata": {"name": name}}
        return all(p.eval(data={"object": value, "variables": {}}).plain_value() for p in programs)

    assert not judged("Deployment", "main-worker")
    assert not judged("Pod", "main-worker-5d9c7-x2x")
    assert not judged("Deployment", "main-scheduler")
    assert judged("Deployment", "main-api")
    assert judged("Deployment", "main-worker-two")
    assert judged("StatefulSet", "main-worker")


def test_a_waiver_holds_on_its_last_day_and_not_after(
    tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiver = _waiver("old", "{kind: Tool, name: search, environment: live}", "plaintext-endpoint", "2026-11-30")
    root = _root(tmp_path, repository, waiver)
    path = root / "specs/agents.yaml"
    path.write_text(path.read_text().replace("https://erp.example.com/articles", "http://erp.example.com/articles"))
    monkeypatch.setattr(clock, "today", lambda: dt.date(2026, 11, 30))
    assert problems(root) == ()
    monkeypatch.setattr(clock, "today", lambda: dt.date(2026, 12, 1))
    assert [p.code for p in problems(root)] == ["waiver-expired"], "told once, not as the old finding too"


def test_the_day_can_be_given(tmp_path: Path, repository: Repository) -> None:
    waiver = _waiver("old", "{kind: Deployment, name: main-worker, environment: live}", expires="2026-11-30")
    written = check(_root(tmp_path, repository, waiver)).written
    assert list(waiver_expired.run(written, dt.date(2026, 11, 30))) == []
    assert [p.code for p in waiver_expired.run(written, dt.date(2026, 12, 1))] == ["waiver-expired"]


def test_today_is_a_day_in_utc() -> None:
    assert abs((clock.today() - dt.datetime.now(dt.UTC).date()).days) <= 1
