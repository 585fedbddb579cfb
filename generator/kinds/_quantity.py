"""Kubernetes quantities in the one form in which an API server returns them."""

import re
from decimal import Decimal
from typing import Annotated, TypeAlias

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")
_DECIMAL = {"m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


def canonical(text: str) -> str:
    """Return a quantity as an API server writes it: `1000m` is `1`, `1024Mi` is `1Gi`, `0.5` is `500m`.

    A server rewrites every other form, and a rendered object that differs from the live one never counts as synced.

    Raises:
        PydanticCustomError: it is no quantity, zero, or finer than a thousandth.
    """
    match = _QUANTITY.fullmatch(text)
    number, unit = (Decimal(match[1]), match[2] or "") if match else (Decimal(0), "")
    if unit in _DECIMAL:
        return _decimal(number.scaleb(_DECIMAL[unit] + 3))
    value = number * 1024 ** _BINARY.index(unit)
    if value < 1024 or value != int(value):
        return _decimal(value * 1000)
    amount, power = int(value), 0
    while amount % 1024 == 0 and power < len(_BINARY) - 1:
        amount, power = amount // 1024, power + 1
    return f"{amount}{_BINARY[power]}"


def _decimal(thousandths: Decimal) -> str:
    if thousandths <= 0 or thousandths != int(thousandths):
        raise PydanticCustomError("quantity", "it should be an amount such as 500m, 2, 512Mi or 10Gi")
    amount, units = int(thousandths), list(_DECIMAL)
    while amount % 1000 == 0 and len(units) > 1:
        amount, units = amount // 1000, units[1:]
    return f"{amount}{units[0]}"


Quantity: TypeAlias = Annotated[str, AfterValidator(canonical)]
"""An amount of CPU (`500m`, `2`) or of bytes (`512Mi`, `10Gi`)."""
