"""An exception from one rule for one thing, with a reason and an end."""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from generator.model import Kind, Resolving, Thing
from runtime.contract import Name, Ref, Strict


def _date(text: str) -> str:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("date", 'a date is written as "2027-01-31"') from None
    return text


Date: TypeAlias = Annotated[str, AfterValidator(_date)]
"""A day, as year, month and day."""


class Scope(Strict):
    """What the exception is for."""

    kind: str
    """Kind of the spec; for a rule of a Policy, kind of the rendered object, such as `Deployment`."""
    name: str
    """Name of the spec, or of the rendered object."""
    environment: Annotated[str, Ref("Environment")]
    """Environment in which it holds."""


class WaiverSpec(Strict):
    """One exception."""

    rule: Name
    """Code of a check, or name of a Policy."""
    scope: Scope
    """What it is for: one thing in one environment."""
    reason: Annotated[str, Field(min_length=10)]
    """Why it is needed, and what has to happen so that it no longer is."""
    owner: Annotated[str, Ref("Team")]
    """Team that answers for it."""
    expires: Date
    """Last day on which it holds, such as `"2027-01-31"`; the day after, the specs are refused."""


@dataclass(frozen=True)
class Waiver(Thing):
    """An exception, resolved."""

    spec: WaiverSpec


def resolve(spec: WaiverSpec, context: Resolving) -> Waiver:
    """Return the exception."""
    return Waiver(**context.base, spec=spec)


KIND = Kind("Waiver", WaiverSpec, Waiver, resolve)
