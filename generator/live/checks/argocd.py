"""May Argo CD write what is rendered, and did it? A right that is missing shows only in the middle of a sync."""

from collections.abc import Iterable, Iterator
from typing import Any

from generator.kinds.environment import ArgoCd
from generator.live.model import Answer, Examination, Patient, ok, unknown, wrong

_ACCOUNT = "argocd-application-controller"
_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


def run(patient: Patient) -> Iterable[Answer]:
    """Ask for the rights of Argo CD's controller, and look at the Applications."""
    argo = patient.environment.argocd
    if argo is None:
        return
    if patient.environment.cluster.server == "https://kubernetes.default.svc":
        yield from _rights(patient, argo)
    for item in patient.of("Application"):
        yield from _application(patient, argo, item["metadata"]["name"])


def _rights(patient: Patient, argo: ArgoCd) -> Iterator[Answer]:
    user = f"system:serviceaccount:{argo.namespace}:{_ACCOUNT}"
    kinds = sorted(
        {(str(i["apiVersion"]), str(i["kind"]), str(i["metadata"].get("namespace", ""))) for i in patient.rendered}
    )
    missing: list[str] = []
    for version, kind, namespace in kinds:
        known = patient.cluster.resources(version).get(kind)
        if known is None:
            continue  # the examination of definitions says so
        for verb in ("get", "create", "patch"):
            allowed = _allowed(patient, user, verb, version, known[0], namespace)
            if allowed is None:
                yield unknown("argocd", "the rights of others (create subjectaccessreviews)")
                return
            if not allowed:
                missing.append(f"{verb} {known[0]}" + (f" in {namespace}" if namespace else ""))
    if missing:
        shown = ", ".join(missing[:6]) + (f" and {len(missing) - 6} more" if len(missing) > 6 else "")
        yield wrong("argocd", f"{_ACCOUNT} may not {shown}", "give its account a role that allows it")
    else:
        yield ok("argocd", f"{_ACCOUNT} may write all {len(kinds)} kinds")


def _allowed(patient: Patient, user: str, verb: str, version: str, resource: str, namespace: str) -> bool | None:
    group = version.rpartition("/")[0]
    attributes = {"verb": verb, "group": group, "resource": resource, "namespace": namespace}
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": user,
            "groups": [
                "system:serviceaccounts",
                f"system:serviceaccounts:{user.split(':')[2]}",
                "system:authenticated",
            ],
            "resourceAttributes": attributes,
        },
    }
    found = patient.cluster.ask("POST", _REVIEWS, body=body)
    return None if found is None else bool(found.get("status", {}).get("allowed"))


def _application(patient: Patient, argo: ArgoCd, name: str) -> Iterator[Answer]:
    api = "argoproj.io/v1alpha1"
    found = patient.cluster.find(api, "Application", argo.namespace, name)
    if found is None:
        if patient.cluster.hides(api, "Application", argo.namespace, name):
            yield unknown("argocd", f"Application {name}")
        else:
            yield wrong(
                "argocd", f"there is no Application {name}", "apply the group `argocd` once, as HANDOVER.md says"
            )
        return
    yield _judged(name, found.get("status", {}))


def _judged(name: str, status: dict[str, Any]) -> Answer:
    sync, health = status.get("sync", {}).get("status"), status.get("health", {}).get("status")
    messages = [c.get("message", "") for c in status.get("conditions", [])]
    last = status.get("operationState", {})
    if last.get("phase") in ("Failed", "Error"):
        messages.append(last.get("message", ""))
    if sync == "Synced" and health == "Healthy" and not messages:
        return ok("argocd", f"Application {name} is synced and healthy")
    said = f"Application {name} is {sync or 'not synced yet'} and {health or 'without health'}"
    return wrong("argocd", said, "; ".join(m for m in messages if m)[:300])


EXAMINATION = Examination("argocd", run)
