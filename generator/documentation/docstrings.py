"""The text below a field of a model is its doc: read from the source, and only when somebody asks.

pydantic can read it for every class when it is imported; that costs a sixth of the start of every command.
"""

import ast
import inspect
import textwrap
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, get_args

from pydantic import BaseModel


@lru_cache(maxsize=1024)
def field_docs(model: type[BaseModel]) -> Mapping[str, str]:
    """Return the docs of a model's fields, inherited ones included, by attribute name; no entry where there is none."""
    found = {name: info.description for name, info in model.model_fields.items() if info.description}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            found |= _own(base)
    return found


def _own(model: type[BaseModel]) -> dict[str, str]:
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    except (OSError, TypeError):  # made at run time: there is no source
        return {}
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for statement, following in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            text = _text(following)
            if text:
                found[statement.target.id] = inspect.cleandoc(text).replace("\n", " ")
    return found


def _text(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        value = statement.value.value
        return value if isinstance(value, str) else None
    return None


def described(schema: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """Return a JSON Schema of a model with the docs of all fields, also of the models inside it."""
    definitions: dict[str, Any] = schema.get("$defs", {})
    for inner in _models(model):
        target = schema if inner is model else definitions.get(inner.__name__)
        for name, info in inner.model_fields.items() if target else ():
            entry = target["properties"].get(info.alias or name) if target else None
            if isinstance(entry, dict) and name in field_docs(inner):
                entry["description"] = field_docs(inner)[name]
    return schema


def _models(model: Any, seen: frozenset[Any] = frozenset()) -> dict[type[BaseModel], None]:
    """Return a model and every model that its fields can hold."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        if model in seen:
            return {}
        found: dict[type[BaseModel], None] = {model: None}
        for info in model.model_fields.values():
            found |= _models(info.annotation, seen | found.keys())
        return found
    found = {}
    for argument in get_args(model):
        found |= _models(argument, seen | found.keys())
    return found
