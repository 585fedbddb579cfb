"""The values of a detector's back-test can't be run through.

The file holds one number a line. It has to be longer than what the detector looks back (`window`, or a week with the
seasonal method): only what comes after that can be judged.

Fix: correct the line that is named, or add values.

Bad: a file of 100 values with `step: 5m`, which is 8 hours, for `robust: {window: 1d}`.

Good: the values of three days.
"""

from collections.abc import Iterable

from generator.kinds.detector import DetectorSpec
from generator.model import Catalogue, Check, beside
from generator.problems import Problem
from runtime.contract import millis

CODE = "detector-backtest"
_WEEK = 7 * 86_400_000


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each file that is no list of numbers, or too short."""
    for found in catalogue.all("Detector"):
        spec: DetectorSpec = found.spec
        if spec.backtest.values is None:
            continue
        text = catalogue.files.get(beside(found.document.file, spec.backtest.values))
        message = _wrong(text, spec) if text is not None else ""
        if message:
            yield found.problem(("spec", "backtest", "values"), CODE, message, "write one number a line")


def _wrong(text: str, spec: DetectorSpec) -> str:
    lines = text.split()
    for number, line in enumerate(lines, 1):
        try:
            float(line)
        except ValueError:
            return f'value {number} of the file is "{line}" and no number'
    known = millis(spec.robust.window) if spec.robust else _WEEK
    if (len(lines) - 1) * millis(spec.backtest.step) <= known:
        return f"{len(lines)} values with a step of {spec.backtest.step} are no longer than what is looked back"
    return ""


CHECK = Check(CODE, run, each_environment=True)
