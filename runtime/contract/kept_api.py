"""Bodies of schedules and of the key-value store, in the protocol of the LangGraph server."""

from typing import Annotated, Any, Literal

from pydantic import Field

from runtime.contract.bodies import Asked, Body
from runtime.contract.threads_api import Id, Limit, Metadata, Offset, Order, Page, RunAsked

Namespace = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^.\x00-\x1f]+$")]], Field(max_length=20)
]
Cron = Annotated[str, Field(min_length=1, max_length=200)]


class ScheduleAsked(RunAsked):
    """When to start a run, again and again."""

    schedule: Cron
    """Five fields, as in crontab."""
    timezone: str | None = None
    """IANA name; UTC without one."""
    end_time: str | None = None
    """ISO 8601; no run is started after it."""
    enabled: bool = True
    on_run_completed: Literal["delete", "keep"] | None = None
    """Runs stay for as long as the retention says; both mean the same."""


class SchedulePatch(Asked):
    """What changes of a schedule."""

    schedule: Cron | None = None
    timezone: str | None = None
    end_time: str | None = None
    input: dict[str, Any] | None = None
    metadata: Metadata | None = None
    enabled: bool | None = None


class SchedulesAsked(Page):
    """Which schedules."""

    assistant_id: str | None = None
    thread_id: str | None = None
    enabled: bool | None = None
    sort_by: Literal["cron_id", "assistant_id", "thread_id", "created_at", "updated_at", "next_run_date"] | None = None
    sort_order: Order | None = None
    select: list[str] | None = None
    """Fields that are wanted; all without it."""


class ScheduleShown(Body):
    """A schedule of the API; those of workflows are in their specs."""

    cron_id: str
    assistant_id: str
    thread_id: str | None = None
    on_run_completed: str | None = None
    end_time: str | None = None
    schedule: str
    timezone: str | None = None
    created_at: str
    updated_at: str
    payload: dict[str, Any]
    user_id: str
    """Who has made it."""
    next_run_date: str | None = None
    metadata: Metadata
    enabled: bool


class ItemAsked(Asked):
    """A value to be kept."""

    namespace: Namespace = Field(default_factory=list)
    key: Id
    value: dict[str, Any]
    ttl: Annotated[float, Field(gt=0, le=10_000_000)] | None = None
    """Minutes after which it is gone; it stays without it."""
    index: bool | list[str] | None = None
    """Every text in a value can be found by its words; `false` leaves it out."""


class ItemNamed(Asked):
    """Which item."""

    namespace: Namespace = Field(default_factory=list)
    key: Id


class ItemsAsked(Asked):
    """Which items."""

    namespace_prefix: Namespace = Field(default_factory=list)
    filter: dict[str, Any] | None = None
    """Only those with these values."""
    limit: Limit = 10
    offset: Offset = 0
    query: str | None = None
    """Words that are looked for; items with more of them come first."""
    refresh_ttl: bool | None = None
    """Reading does not prolong an item's life."""


class NamespacesAsked(Asked):
    """Which namespaces."""

    prefix: list[str] | None = None
    suffix: list[str] | None = None
    max_depth: Annotated[int, Field(ge=1, le=20)] | None = None
    limit: Limit = 100
    offset: Offset = 0


class ItemShown(Body):
    """A value that is kept."""

    namespace: list[str]
    key: str
    value: dict[str, Any]
    created_at: str
    updated_at: str
    score: float | None = None
    """How many of the words it has, where words were looked for."""


class ItemsShown(Body):
    """Items."""

    items: list[ItemShown]


class NamespacesShown(Body):
    """Namespaces."""

    namespaces: list[list[str]]
