"""What must hold whatever was killed, as a function of what the store and the target say afterwards."""

from collections.abc import Mapping, Sequence

from runtime.services.store.runs import Run
from tests.runtime.crash.target import Effect

KEYED = ("first", "item-1", "item-2", "item-3", "left", "last")
"""Operations at targets that honour the key."""
PLAIN = "pay"
CLAIMS = 2
"""How often a run is claimed when nothing goes wrong: at its start, and after its `wait`."""
STEPS = 8
"""What the state field `n` counts to when every step has been done once."""


def violations(runs: Sequence[Run], expected: Sequence[str], applied: Mapping[Effect, int]) -> list[str]:
    """Return one sentence for each promise that was broken."""
    found = {run.id: run for run in runs}
    wrong = [f"{id_}: lost, it is not in the store" for id_ in expected if id_ not in found]
    for run in runs:
        wrong += [f"{run.id}: {sentence}" for sentence in _of(run, applied)]
    return wrong


def _of(run: Run, applied: Mapping[Effect, int]) -> list[str]:
    if run.state != "succeeded":
        return [f"lost, it is {run.state} after attempt {run.attempt} ({run.problem})"]
    wrong = [_times(op, applied.get((run.id, op), 0)) for op in KEYED if applied.get((run.id, op), 0) != 1]
    paid, unknown = applied.get((run.id, PLAIN), 0), run.output["unknown"]
    if paid > 1 or (paid == 0 and not unknown):
        wrong.append(_times(PLAIN, paid) + ", and the run does not say that it is unknown" * (not unknown))
    if unknown and run.epoch <= CLAIMS:
        wrong.append("an effect is unknown although no worker has died")
    if run.output["n"] != STEPS - unknown:
        wrong.append(f"its state counts {run.output['n']} steps instead of {STEPS - unknown}")
    return wrong


def _times(op: str, times: int) -> str:
    return f"`{op}` has happened {times} times"
