"""`apm explain functions`, and what is said of functions that nobody ships or that are called wrongly."""

from runtime.functions import registered
from tests.cli.conftest import Apm


def test_every_function_is_listed_with_its_arguments(apm: Apm) -> None:
    told = apm("explain", "functions")
    assert told.code == 0
    lines = [line.strip() for line in told.out.splitlines()]
    for function in registered().values():
        assert f"{function.name} ({function.effect})" in lines
        assert all(any(line.startswith(f"{name} (") for line in lines) for name in function.input["properties"])
