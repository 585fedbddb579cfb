"""What workloads refer to is there, and what they are told is what the runtime reads."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import yaml

from generator.emit import canonical
from generator.kinds.workflow import Workflow
from generator.pipeline import Built
from runtime import __main__ as command
from runtime import settings
from runtime.load import parse
from tests.artifacts.conftest import deployed, objects_of

Object = dict[str, Any]
Golden = Callable[[str], list[Object]]
CASES = ("deployments/secrets-and-proxy", "backups/claim", "backups/bucket", "index_job/collections")


@pytest.fixture(params=["production", "staging", *CASES])
def objects(request: pytest.FixtureRequest, reference: Built, golden: Golden) -> list[Object]:
    """All objects of an environment of the reference system, or of a golden case."""
    return golden(request.param) if "/" in request.param else objects_of(reference, request.param)


def _pods(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    """Name of the workload, and its pod template."""
    for one in objects:
        spec = one.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec and "spec" in spec["template"]:
            yield one["metadata"]["name"], spec["template"]


def _containers(pod: Object) -> list[Object]:
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def _names(objects: list[Object], kind: str) -> set[str]:
    return {o["metadata"]["name"] for o in objects if o["kind"] == kind}


def test_there_are_pods(objects: list[Object]) -> None:
    assert len(list(_pods(objects))) >= 4


def test_mounted_objects_are_rendered(objects: list[Object]) -> None:
    for name, pod in _pods(objects):
        assert pod["spec"]["serviceAccountName"] in _names(objects, "ServiceAccount"), name
        for volume in pod["spec"]["volumes"]:
            maps = {s["configMap"]["name"] for s in volume.get("projected", {}).get("sources", [])}
            assert maps <= _names(objects, "ConfigMap"), name
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            assert claim is None or claim in _names(objects, "PersistentVolumeClaim"), name


def test_every_config_map_of_ours_is_mounted_and_named_by_its_content(objects: list[Object]) -> None:
    mounted = {s["configMap"]["name"] for _, pod in _pods(objects) for v in pod["spec"]["volumes"]
               for s in v.get("projected", {}).get("sources", [])}  # fmt: skip
    immutable = {o["metadata"]["name"]: o for o in objects if o["kind"] == "ConfigMap" and o.get("immutable")}
    assert set(immutable) == mounted


def test_mounts_have_volumes_and_volumes_are_mounted(objects: list[Object]) -> None:
    for name, pod in _pods(objects):
        mounted = {m["name"] for c in _containers(pod) for m in c["volumeMounts"]}
        assert mounted == {v["name"] for v in pod["spec"]["volumes"]}, name


def test_root_is_read_only_and_only_scratch_and_claims_are_writable(objects: list[Object]) -> None:
    for name, pod in _pods(objects):
        volumes = {v["name"]: v for v in pod["spec"]["volumes"]}
        for container in _containers(pod):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            writable = [m["name"] for m in container["volumeMounts"] if not m.get("readOnly")]
            assert writable, f"{name} can write nowhere, not even to /tmp"
            for volume in writable:
                assert {"emptyDir", "persistentVolumeClaim"} & volumes[volume].keys(), (name, volume)


def test_each_pod_is_selected_by_its_own_network_policy(objects: list[Object]) -> None:
    policies = [o for o in objects if o["kind"] == "NetworkPolicy" and o["spec"]["podSelector"]]
    for name, pod in _pods(objects):
        labels = pod["metadata"]["labels"].items()
        mine = [p for p in policies if p["spec"]["podSelector"]["matchLabels"].items() <= labels]
        assert len(mine) == 1, (name, [p["metadata"]["name"] for p in mine])
        assert mine[0]["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_services_and_budgets_select_one_workload(objects: list[Object]) -> None:
    pods = dict(_pods(objects))
    for one in (o for o in objects if o["kind"] in ("Service", "PodDisruptionBudget")):
        found = one["spec"]["selector"]
        wanted = found.get("matchLabels", found)
        mine = [name for name, pod in pods.items() if wanted.items() <= pod["metadata"]["labels"].items()]
        assert mine == [one["metadata"]["name"]]


def test_budgets_and_pods_fit_the_grace(objects: list[Object]) -> None:
    for name, pod in _pods(objects):
        for container in _containers(pod):
            grace = [e["value"] for e in container.get("env", []) if e["name"] == "APM_GRACE_SECONDS"]
            assert all(int(value) < pod["spec"]["terminationGracePeriodSeconds"] for value in grace), name


class _Spy(dict[str, str]):
    """An environment that remembers what was asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.asked.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return super().__getitem__(key)


def test_every_variable_is_one_that_the_runtime_reads(objects: list[Object]) -> None:
    spy = _Spy({})
    settings.read(spy)
    for name, pod in _pods(objects):
        for container in _containers(pod):
            given = {e["name"] for e in container.get("env", [])}
            ours = {v for v in given if v.startswith(("APM_", "MONGODB_")) and not v.startswith("APM_SECRET_")}
            assert ours <= spy.asked, (name, ours - spy.asked)


def test_arguments_are_understood_by_the_image(objects: list[Object]) -> None:
    """What `ENTRYPOINT ["python", "-m", "runtime"]` gets."""
    asked: list[list[str]] = []
    for _, pod in _pods(objects):
        asked += [c["args"] for c in _containers(pod) if "apm-runtime" in c["image"]]
    assert len(asked) >= 4
    for arguments in asked:
        command.parser().parse_args(arguments)


def test_settings_of_a_worker_are_what_the_spec_says(reference: Built) -> None:
    worker = dict(_pods(objects_of(reference, "production")))["apm-multi-agent-worker"]
    given = {e["name"]: e.get("value", "from a secret") for e in worker["spec"]["containers"][0]["env"]}
    found = settings.read(given)
    assert (found.database, found.host, found.port, found.slots, found.grace) == (
        "valeo_neuroerp",
        "0.0.0.0",
        8080,
        10,
        120,
    )


def test_secret_variables_are_those_that_documents_name(reference: Built) -> None:
    for environment in deployed(reference):
        pods = dict(_pods(objects_of(reference, environment)))
        workflows = reference.environments[environment].project.all(Workflow)
        named = {d.secret_env for w in workflows for d in (*w.document.models.values(), *w.document.tools.values())} - {
            None
        }
        given = {e["name"] for e in pods["apm-multi-agent-worker"]["spec"]["containers"][0]["env"]}
        assert {name for name in given if name.startswith("APM_SECRET_")} <= named
        served = {s["configMap"]["items"][0]["key"].removesuffix(".yaml")
                  for v in pods["apm-multi-agent-worker"]["spec"]["volumes"] if v["name"] == "specs"
                  for s in v["projected"]["sources"]}  # fmt: skip
        needed = {d.secret_env for w in workflows if w.name in served
                  for d in (*w.document.models.values(), *w.document.tools.values())} - {None}  # fmt: skip
        assert needed <= given
        for role in ("api", "scheduler"):
            others = {e["name"] for e in pods[f"apm-multi-agent-{role}"]["spec"]["containers"][0]["env"]}
            assert not [name for name in others if name.startswith("APM_SECRET_")]


def test_documents_come_back_as_they_were(reference: Built) -> None:
    for environment in deployed(reference):
        workflows = {w.name: w for w in reference.environments[environment].project.all(Workflow)}
        maps = [o for o in objects_of(reference, environment)
                if o["kind"] == "ConfigMap" and o["metadata"]["name"].startswith("workflow-")]  # fmt: skip
        assert maps
        for one in maps:
            ((key, text),) = one["data"].items()
            read = parse(yaml.safe_load(text), key)
            written = workflows[key.removesuffix(".yaml")].document
            assert canonical(read.model_dump(by_alias=True)) == canonical(written.model_dump(by_alias=True))
            assert len(text) < 900_000, "a ConfigMap holds one MiB"
