# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUntypedFunctionDecorator=false
"""Requests that nobody would think of, made from the OpenAPI description by schemathesis, find nothing wrong."""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import ignored_auth

from runtime.contract.openapi import openapi

CONFIG = schemathesis.Config.from_dict({"headers": {"X-Api-Key": "key-of-ada"}})
QUIET = (HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large)
schema: Any = schemathesis.openapi.from_dict(openapi(), config=CONFIG)


@schema.parametrize()
@settings(max_examples=6, deadline=None, derandomize=True, database=None, suppress_health_check=QUIET)
def test_answers_are_as_described(address: str, case: Any) -> None:
    # It puts the valid key back in where it wants to leave it out; test_access sees to that, for every route and role.
    case.call_and_validate(base_url=address, timeout=20, excluded_checks=[ignored_auth])
