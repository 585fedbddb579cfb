"""Read the bodies of requests with the models of the table of routes."""

from typing import Any, TypeVar

from pydantic import ValidationError
from starlette.requests import Request

from runtime.contract.api import Body
from runtime.problems import failed

B = TypeVar("B", bound=Body)


async def read_json(request: Request) -> Any:
    """Return the body; raises `StepError` (`invalid-input`) when it is not JSON."""
    try:
        return await request.json()
    except ValueError as error:
        raise failed("invalid-input", "The body is not JSON", str(error)) from error


def checked(model: type[B], body: Any, title: str) -> B:
    """Return a body as its model; raises `StepError` (`invalid-input`) with every place where it is something else."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise failed("invalid-input", title, told(error)) from error


def told(error: ValidationError) -> str:
    """Return what a model refuses, in one line."""
    return "; ".join(f"{'/'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in error.errors())
