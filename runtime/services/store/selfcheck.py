"""Prove at the start that the engine does what the repositories rely on.

Engines that speak MongoDB's protocol are not all alike, and some are wrong in silence. These are exactly the behaviours
that the repository layer uses; a store that fails one is refused before it holds anything.
"""

from collections.abc import Awaitable, Callable
from uuid import uuid4

from runtime.problems import Failure
from runtime.services.store.collection import Collection

Check = Callable[[Collection, str], Awaitable[bool]]


async def _duplicates(rows: Collection, mark: str) -> bool:
    row = {"_id": f"{mark}-a", "mark": mark, "n": 1, "at": 1_790_000_000_123, "text": 'é"\u0001', "list": ["x"]}
    return await rows.add(dict(row)) and not await rows.add(dict(row)) and await rows.get(f"{mark}-a") == row


async def _conditions(rows: Collection, mark: str) -> bool:
    wrong = await rows.change({"_id": f"{mark}-a", "n": 7}, {"$set": {"text": "no"}})
    right = await rows.change({"_id": f"{mark}-a", "n": 1}, {"$set": {"text": "yes"}, "$inc": {"n": 1}})
    return not wrong and right and (await rows.first({"mark": mark, "n": {"$gt": 1, "$lte": 2}}) is not None)


async def _order(rows: Collection, mark: str) -> bool:
    await rows.add_all([{"_id": f"{mark}-{n}", "mark": f"{mark}o", "p": n % 2, "n": n} for n in range(12)])
    await rows.add_all(
        [{"_id": f"{mark}-3", "mark": "twice"}, {"_id": f"{mark}-12", "mark": f"{mark}o", "p": 1, "n": 12}]
    )
    found = await rows.find_all({"mark": f"{mark}o"}, [("p", -1), ("n", 1)], 3)
    return [row["n"] for row in found] == [1, 3, 5] and await rows.count({"mark": f"{mark}o"}) == 13


async def _claims(rows: Collection, mark: str) -> bool:
    first = await rows.take({"mark": f"{mark}o", "p": 1}, {"$set": {"p": 9}, "$inc": {"epoch": 1}}, [("n", -1)])
    second = await rows.take({"mark": f"{mark}o", "p": 1}, {"$set": {"p": 9}, "$inc": {"epoch": 1}}, [("n", -1)])
    return bool(first and second) and (first["n"], first["epoch"], second["n"]) == (12, 1, 11)  # pyright: ignore[reportOptionalSubscript]


async def _counters(rows: Collection, mark: str) -> bool:
    await rows.increment(f"{mark}-c", {"tokens": 5})
    return (await rows.increment(f"{mark}-c", {"tokens": 5, "cost": 1})).get("tokens") == 10


async def _bytes(rows: Collection, mark: str) -> bool:
    data = bytes(range(256)) * 4
    await rows.add({"_id": f"{mark}-b", "data": data, "list": ["v", "w"]})
    found = await rows.first({"_id": {"$in": [f"{mark}-b", "other"]}})
    return found is not None and bytes(found["data"]) == data and await rows.remove({"_id": f"{mark}-b"}) == 1


CHECKS: dict[str, Check] = {
    "refuses a second row with the same id": _duplicates,
    "updates only what still matches": _conditions,
    "sorts by several keys": _order,
    "hands out each row once": _claims,
    "counts": _counters,
    "keeps bytes": _bytes,
}


async def run(rows: Collection) -> None:
    """Run every check.

    Raises:
        Failure: the engine does not do what is needed.
    """
    mark = uuid4().hex
    for promise, check in CHECKS.items():
        if not await check(rows, mark):
            raise Failure(f"The state store is not usable: it does not do this: {promise}", "use MongoDB 6.0 or newer")
    await rows.remove({"_id": {"$gte": f"{mark}-", "$lt": f"{mark}."}})
