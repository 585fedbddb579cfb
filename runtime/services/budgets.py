"""Budgets: asked before a call, charged after it. Without an answer of the store nothing is called.

What a call may use at most is set aside while it is made. A call begins when what is used and what others have set
aside leaves something; otherwise it waits for them to end. So calls at the same time use no more over a budget than
one call alone would.
"""

import datetime as dt
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import uuid4

from runtime.contract import Budget, Context, ModelDocument, Pause, Pot, WorkflowDocument, millis, pot_of
from runtime.problems import failed
from runtime.services.clock import Clock
from runtime.services.models import Reply, Request
from runtime.services.store.collection import Row
from runtime.services.store.records import Budgets
from runtime.services.store.runs import Run
from runtime.telemetry import Telemetry
from runtime.telemetry.catalogue import BUDGET_EXCEEDED

MICRO = 1_000_000
"""Money is counted in millionths of its unit: whole numbers add up exactly."""
FREE = ("local", "scripted")
LOOK = 0.2
"""Seconds between two looks at a pot that others have set everything aside of."""
LETTERS = 4
"""Characters of a prompt that are taken for one token before its tokens are known."""


def pots(run: Run, document: WorkflowDocument, now: int) -> tuple[Pot, ...]:
    """Return the pots that a run spends from: its own, and that of its workflow and day."""
    own, day = Pot(pot_of(run.id), document.budget), document.budget.per_day
    if day is None:
        return (own,)
    date = dt.datetime.fromtimestamp(now / 1000, dt.UTC).date().isoformat()
    limit = Budget(max_tokens=day.max_tokens, max_cost=day.max_cost, on_exceeded=own.budget.on_exceeded)
    return own, Pot(f"day/{date}/{run.tenant}/{document.name}", limit)


class Purse:
    """The pots that calls spend from."""

    def __init__(self, budgets: Budgets, clock: Clock, telemetry: Telemetry, provider: str) -> None:
        self._budgets = budgets
        self._clock = clock
        self._telemetry = telemetry
        self._provider = provider

    @asynccontextmanager
    async def opened(self, request: Request, context: Context) -> AsyncGenerator[None]:
        """Set aside what the call inside may use at most, in every pot that has something left.

        Raises:
            StepError: `budget-exceeded`.
        """
        key, held = uuid4().hex, list[Pot]()
        try:
            for pot in context.pots:
                if pot.budget.max_tokens or pot.budget.max_cost:
                    held.append(pot)
                    await self._set_aside(pot, key, request, context)
            yield
        finally:
            for pot in held:
                await self._budgets.release(pot.id, key)

    async def _set_aside(self, pot: Pot, key: str, request: Request, context: Context) -> None:
        price = self._price(request.model) or (0, 0)
        into = sum(len(str(message.get("content", ""))) for message in request.messages) // LETTERS
        out = request.model.max_output_tokens
        until = self._clock.now() + millis(request.model.timeout) + 60_000
        most = (into + out, (into * price[0] + out * price[1]) // MICRO, until)
        row = await self._budgets.hold(pot.id, key, *most)
        while reason := self._exceeded(pot, request.model, row):
            others = row["held_tokens"] or row["held_cost"]
            if not others or self._exceeded(pot, request.model, {**row, "held_tokens": 0, "held_cost": 0}):
                await self._more_or_stop(pot, reason, context)
                return
            await self._budgets.release(pot.id, key)  # who waits must not keep others waiting
            await self._clock.sleep(LOOK)
            await self._budgets.release_old(pot.id, self._clock.now())
            row = await self._budgets.hold(pot.id, key, *most)

    def _exceeded(self, pot: Pot, model: ModelDocument, row: Row) -> str:
        """Return why nothing is left, as far as is used and set aside by others; empty where something is."""
        times, used = 1 + row["allowance"], row["tokens"] + row["held_tokens"]
        if pot.budget.max_tokens and used >= pot.budget.max_tokens * times:
            return f"{row['tokens']} of {pot.budget.max_tokens * times} tokens are used"
        if not pot.budget.max_cost:
            return ""
        if self._price(model) is None:
            return f"the price of {model.name} is unknown, so {pot.budget.max_cost} cannot be kept"
        limit = _micro(pot.budget.max_cost) * times
        spent = row["cost"] + row["held_cost"]
        return f"{row['cost'] / MICRO:g} of {pot.budget.max_cost} are spent" if spent >= limit else ""

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
