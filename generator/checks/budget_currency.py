"""A model has its price in another currency than a budget that it is paid from.

Budgets in money are kept with the prices of the models, number by number: there is no rate between currencies, so
10 USD would be taken for 10 EUR. The same holds for the two prices of one model.

Fix: write prices and budgets in one currency.

Bad: `priceIn: 0.15 USD` for a model, and `maxCost: 1 EUR` for the workflow that asks it. Good: `priceIn: 0.14 EUR`.
"""

from collections.abc import Iterable, Iterator, Mapping

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem
from generator.workflows.estimates import asked, asked_by

CODE = "budget-currency"
_SHOWN = 3
"""Budgets that a finding names."""


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each model once, at its price, with the budgets that are in another currency."""
    budgets = _budgets(catalogue)
    for model in catalogue.all("Model"):
        own = dict(_prices(model))
        if len(set(own.values())) > 1:
            message = f"what goes in is paid in {own['priceIn']}, and what comes out in {own['priceOut']}"
            yield model.problem(("spec", "priceOut"), CODE, message, "give both prices in one currency")
        elif own:
            yield from _foreign(model, *next(iter(own.items())), budgets.get(model.name, {}))


def _prices(model: Declared) -> Iterator[tuple[str, str]]:
    for key, price in (("priceIn", model.spec.price_in), ("priceOut", model.spec.price_out)):
        if price:
            yield key, price.split()[1]


def _budgets(catalogue: Catalogue) -> Mapping[str, Mapping[tuple[str, str], Declared]]:
    """Return the budgets in money that each model is paid from."""
    found: dict[str, dict[tuple[str, str], Declared]] = {}
    for kind, models in (("Workflow", asked), ("Agent", asked_by)):
        for spec in catalogue.all(kind):
            if spec.spec.budget.max_cost:
                for model in models(catalogue, spec):
                    found.setdefault(model.name, {})[kind, spec.name] = spec
    return found


def _foreign(model: Declared, key: str, unit: str, budgets: Mapping[tuple[str, str], Declared]) -> Iterator[Problem]:
    others = [spec for spec in budgets.values() if spec.spec.budget.max_cost.split()[1] != unit]
    if others:
        first = others[0]
        budget = f"the budget of {first.kind} {first.name} is {first.spec.budget.max_cost}"
        message = f"this price is in {unit}, and {budget}"
        places = [(one.document.at(("spec", "budget", "maxCost")), f"the budget of {one.kind} {one.name}")
                  for one in others[:_SHOWN]]  # fmt: skip
        yield model.problem(("spec", key), CODE, message, "write prices and budgets in one currency", related=places)


CHECK = Check(CODE, run, each_environment=True)
