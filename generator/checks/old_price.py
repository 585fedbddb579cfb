"""Nobody knows how old the price of a model is, or it has not been looked up for a year.

Budgets in money are kept with these prices, and providers change them without notice: a budget that counts with an old
price lets more or less through than it says. This is a warning, once a price has no day and source, or its day is more
than a year ago.

Fix: look the price up, and write down when and where.

Bad: `priceIn: 2.50 EUR` and `priceOut: 10 EUR` alone.

Good: the same with `priceDate: "2026-11-25"` and `priceSource: "https://provider.example/prices"`.
"""

import datetime as dt
from collections.abc import Iterable

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem
from generator.rules import clock

CODE = "old-price"
YEAR = dt.timedelta(days=365)


def run(catalogue: Catalogue, today: dt.date | None = None) -> Iterable[Problem]:
    """Report each model whose price has no day and source, or one of more than a year before `today`."""
    now = today or clock.today()
    for model in catalogue.all("Model"):
        if model.spec.price_in or model.spec.price_out:
            yield from _of(model, now)


def _of(model: Declared, now: dt.date) -> Iterable[Problem]:
    spec = model.spec
    priced = ("spec", "priceIn" if spec.price_in else "priceOut")
    if not spec.price_date or not spec.price_source:
        message = "nobody knows when and where this price was looked up"
        yield model.problem(priced, CODE, message, "add `priceDate` and `priceSource`", severity="warning")
    elif now - (day := dt.date.fromisoformat(spec.price_date)) > YEAR:
        message = f"this price was looked up on {day}, more than a year ago"
        hint = f"look it up again ({spec.price_source}) and write the new day"
        yield model.problem(("spec", "priceDate"), CODE, message, hint, severity="warning")


CHECK = Check(CODE, run)
