"""The values that specs and rendered documents are made of, and the markers that say what a field means.

Markers stand in `Annotated[...]`; the generator reads them to check references, expressions and files.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError


class Strict(BaseModel):
    """Refuses unknown fields and later changes; camelCase outside, snake_case inside."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        strict=True,
    )


T = TypeVar("T")
Many: TypeAlias = Annotated[tuple[T, ...], Field(strict=False)]
"""A list in YAML, a tuple here; its items stay strict."""


class Marker:
    """Says what the value of a field means, where its type does not."""


@dataclass(frozen=True)
class Ref(Marker):
    """Marks a field that names another spec of this kind."""

    kind: str


@dataclass(frozen=True)
class Registered(Marker):
    """Marks a field that names something the runtime image ships."""

    what: Literal["function"]


@dataclass(frozen=True)
class FileRef(Marker):
    """Marks a field that names a file beside the spec, and what the file holds."""

    holds: Literal["prompt", "json-schema", "text"]


@dataclass(frozen=True)
class Expr(Marker):
    """Marks a field that is a bare CEL expression of this result type."""

    result: Literal["bool", "any"] = "any"


@dataclass(frozen=True)
class Template(Marker):
    """Marks a field (a text, or a tree of values) that may hold `${ CEL }` or, in prose, `{{ Jinja }}`."""

    language: Literal["cel", "jinja"] = "cel"


UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_STEP_NAME = re.compile(r"[a-z0-9]([-_a-z0-9]{0,61}[a-z0-9])?")
_MONEY = re.compile(r"(\d+(?:\.\d{1,4})?) ([A-Z]{3})")
_SECRET = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?)/([-._a-zA-Z0-9]+)")


def _fullmatch(pattern: re.Pattern[str], code: str, message: str) -> AfterValidator:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise PydanticCustomError(code, message)  # pyright: ignore[reportArgumentType]
        return text

    return AfterValidator(check)


Name: TypeAlias = Annotated[
    str,
    _fullmatch(_NAME, "name", "a name has 1 to 63 lower-case letters, digits and '-', the '-' inside only"),
]
"""A DNS-1123 label."""

StepName: TypeAlias = Annotated[
    str,
    _fullmatch(
        _STEP_NAME,
        "name",
        "a step's name has 1 to 63 lower-case letters, digits, '-' and '_', these two inside only",
    ),
]
"""Name of a step; with `_` instead of `-`, expressions can say `steps.ask_human`."""

Duration: TypeAlias = Annotated[
    str, _fullmatch(_DURATION, "duration", "a duration is a number and ms, s, m, h or d, such as 30s or 24h")
]
Money: TypeAlias = Annotated[
    str, _fullmatch(_MONEY, "money", "an amount is a number and a currency, such as 5 EUR or 0.25 USD")
]
SecretRef: TypeAlias = Annotated[
    str, _fullmatch(_SECRET, "secret-ref", "a secret is referenced as name/key, such as mongodb-credentials/uri")
]


def millis(duration: str) -> int:
    """Return a `Duration` in milliseconds."""
    match = _DURATION.fullmatch(duration)
    assert match, duration
    return int(float(match[1]) * UNITS[match[2]])
