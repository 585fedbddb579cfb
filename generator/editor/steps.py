"""Steps of a workflow that is being written, by name: what `next`, `then`, `default`, `goto` and `onExhausted` take."""

from collections.abc import Mapping
from typing import Any, cast

from generator.editor.cursor import Spot
from generator.model import Loc

_FIELDS = frozenset({"next", "then", "default", "goto", "onExhausted"})
END = "end"


def names_step(spot: Spot) -> bool:
    """Return whether a value names a step beside the one that it stands in."""
    inside = spot.at(("kind",)) == "Workflow" and not spot.key
    return inside and bool(spot.loc) and spot.loc[-1] in _FIELDS and bool(scope(spot))


def scope(spot: Spot) -> Loc:
    """Return the path of the list of steps around a part; empty where there is none."""
    for length in range(len(spot.loc) - 1, 1, -1):
        loc = spot.loc[:length]
        if isinstance(spot.loc[length], int) and _are_steps(spot.at(loc)):
            return loc
    return ()


def _are_steps(value: Any) -> bool:
    items = cast("list[Any]", value) if isinstance(value, list) else []
    return any(isinstance(item, Mapping) and "id" in item for item in items)


def siblings(spot: Spot) -> dict[str, Loc]:
    """Return the steps of the list around a part: their names, and where each says it."""
    loc = scope(spot)
    items = cast("list[Any]", spot.at(loc)) if loc else []
    steps = [
        (number, cast("Mapping[str, Any]", item)) for number, item in enumerate(items) if isinstance(item, Mapping)
    ]
    return {str(step["id"]): (*loc, number, "id") for number, step in steps if step.get("id")}
