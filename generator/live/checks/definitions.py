"""Does the cluster know every kind that is rendered?"""

from collections.abc import Iterable

from generator.live.model import Answer, Examination, Patient, ok, wrong


def run(patient: Patient) -> Iterable[Answer]:
    """Look each kind up."""
    kinds = sorted({(str(item["apiVersion"]), str(item["kind"])) for item in patient.rendered})
    missing = [(version, kind) for version, kind in kinds if kind not in patient.cluster.resources(version)]
    for version, kind in missing:
        hint = (
            "install the operator that defines it"
            if "." in version.split("/")[0]
            else "it was removed, or not yet there"
        )
        yield wrong("definitions", f"the cluster does not know {kind} of {version}", hint)
    if not missing:
        yield ok("definitions", f"all {len(kinds)} kinds are known")


EXAMINATION = Examination("definitions", run)
