"""A group is divided so that objects stay where they are, whatever is added."""

import pytest

from generator.cluster.sharding import Sharding, jump

NAMES = [f"runtime-{number}" for number in range(2000)]


@pytest.mark.parametrize("count", [1, 2, 5, 30])
def test_one_application_more_takes_from_all_and_moves_nothing_else(count: int) -> None:
    moved = [name for name in NAMES if jump(name, count) != jump(name, count + 1)]
    assert {jump(name, count + 1) for name in moved} == {count}
    assert 0.8 < len(moved) * (count + 1) / len(NAMES) < 1.2


def test_parts_are_of_one_size() -> None:
    parts = [jump(name, 10) for name in NAMES]
    assert all(160 < parts.count(number) < 240 for number in range(10))


def test_the_part_of_a_name_is_the_same_for_ever() -> None:
    """Another answer would move objects of every repository that is divided."""
    found = [jump(name, 7) for name in ("agents", "orders", "returns", "stock", "billing", "erp-import")]
    assert found == [4, 1, 6, 2, 0, 0]


def test_documents_go_with_the_runtime_whose_pods_mount_them() -> None:
    sharding = Sharding({"runtime": 50}, {"answer": "orders"})
    assert sharding.folder("runtime", "Workflow", "answer") == sharding.folder("runtime", "Runtime", "orders")


def test_what_holds_for_an_environment_never_moves() -> None:
    sharding = Sharding({"policy": 50}, {})
    for name in NAMES[:50]:
        assert sharding.folder("policy", "Environment", name) == "policy"
        assert sharding.folder("policy", "Policy", name) == "policy"


def test_a_group_that_is_not_divided_keeps_its_folder() -> None:
    assert {Sharding({"runtime": 9}, {}).folder("monitoring", "Alerts", name) for name in NAMES} == {"monitoring"}
