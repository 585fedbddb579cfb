"""The tests of the state store on a second engine: what the runtime asks of a store, more than one of them does."""

import pytest

from tests.runtime import engines


def test_another_engine_keeps_runs_checkpoints_and_events_alike(capfd: pytest.CaptureFixture[str]) -> None:
    code = engines.main()
    assert code == 0, capfd.readouterr().out[-3000:]
