"""Does the cluster speak the Kubernetes version whose schemas the rendered objects were checked against?"""

from collections.abc import Iterable

from generator.live.model import Answer, Examination, Patient, ok, unknown, wrong


def run(patient: Patient) -> Iterable[Answer]:
    """Compare the versions."""
    found = patient.cluster.get("/version")
    if found is None:
        yield unknown("version", "the version of the server")
        return
    wanted = patient.environment.cluster.version
    minor = "".join(char for char in str(found.get("minor", "")) if char.isdigit())
    live = f"{found.get('major')}.{minor}"
    if live == wanted:
        yield ok("version", f"Kubernetes {live}")
    else:
        yield wrong(
            "version",
            f"the cluster is Kubernetes {live}, objects were checked against {wanted}",
            "set `cluster.version` of the Environment to the nearest version that apm has schemas of",
        )


EXAMINATION = Examination("version", run)
