"""Budgets: asked before a call, charged after it. Without an answer of the store nothing is called."""

from runtime.contract import Context, ModelDocument, Pause, Pot
from runtime.problems import failed
from runtime.services.models import Reply
from runtime.services.store.records import Budgets
from runtime.telemetry import Telemetry
from runtime.telemetry.catalogue import BUDGET_EXCEEDED

MICRO = 1_000_000
"""Money is counted in millionths of its unit: whole numbers add up exactly."""
FREE = ("local", "scripted")


class Purse:
    """The pots that calls spend from."""

    def __init__(self, budgets: Budgets, telemetry: Telemetry, provider: str) -> None:
        self._budgets = budgets
        self._telemetry = telemetry
        self._provider = provider

    async def admit(self, model: ModelDocument, context: Context) -> None:
        """Return when every pot has something left.

        Raises:
            StepError: `budget-exceeded`.
        """
        for pot in context.pots:
            if reason := await self._exceeded(pot, model):
                await self._more_or_stop(pot, reason, context)

    async def _exceeded(self, pot: Pot, model: ModelDocument) -> str:
        used = await self._budgets.used(pot.id)
        times = 1 + used["allowance"]
        if pot.budget.max_tokens and used["tokens"] >= pot.budget.max_tokens * times:
            return f"{used['tokens']} of {pot.budget.max_tokens * times} tokens are used"
        if not pot.budget.max_cost:
            return ""
        if self._price(model) is None:
            return f"the price of {model.name} is unknown, so {pot.budget.max_cost} cannot be kept"
        limit = _micro(pot.budget.max_cost) * times
        return f"{used['cost'] / MICRO:g} of {pot.budget.max_cost} are spent" if used["cost"] >= limit else ""

    async def _more_or_stop(self, pot: Pot, reason: str, context: Context) -> None:
        if pot.budget.on_exceeded == "approve":
            asked = Pause("approval", message=f"The budget is used up ({reason}). Go on?", options=("allow", "stop"))
            if context.pause(asked).value == "allow":
                await self._budgets.allow(pot.id, int((await self._budgets.used(pot.id))["allowance"]) + 1)
                return
        self._telemetry.add(BUDGET_EXCEEDED, workflow=context.document.name)
        raise failed("budget-exceeded", "A budget is used up", reason)

    async def charge(self, model: ModelDocument, reply: Reply, context: Context) -> None:
        """Take the tokens and the money of a call from every pot."""
        price = self._price(model) or (0, 0)
        cost = (reply.tokens_in * price[0] + reply.tokens_out * price[1]) // MICRO
        for pot in context.pots:
            await self._budgets.spend(pot.id, reply.tokens_in + reply.tokens_out, cost)

    def _price(self, model: ModelDocument) -> tuple[int, int] | None:
        """Return millionths of money for a million tokens, in and out; None when nobody has said."""
        if (self._provider or model.provider) in FREE:
            return 0, 0
        if model.price_in is None or model.price_out is None:
            return None
        return _micro(model.price_in), _micro(model.price_out)


def _micro(money: str) -> int:
    return round(float(money.split()[0]) * MICRO)
