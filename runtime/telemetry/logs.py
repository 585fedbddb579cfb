"""Logs: one JSON object a line where a program reads them, plain lines on a terminal.

What is said while a run or a step is executed carries their ids, also what libraries say. The runtime's own messages
hold ids, names and types of problems. What libraries say, and the words of exceptions, can hold what people have
written: unless `APM_LOG_CONTENTS` asks for it, only the place in the code is told.
"""

import datetime as dt
import json
import logging
import sys
import traceback
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType

from runtime.problems import StepError, StoreError
from runtime.settings import Logs
from runtime.telemetry import tracing

OURS = ("runtime", "__main__")
Value = str | int
_about: ContextVar[Mapping[str, Value]] = ContextVar("about", default={})  # noqa: B039  (never changed, only replaced)


@contextmanager
def about(**fields: Value) -> Generator[None]:
    """Give what is logged inside these fields: `run`, `step`, ..."""
    token = _about.set({**_about.get(), **fields})
    try:
        yield
    finally:
        _about.reset(token)


def told(error: Exception) -> str:
    """Return what a message may hold of an error: of a step's its type, for its words can be people's."""
    if isinstance(error, StepError) and not isinstance(error, StoreError):
        return f"a problem of type {error.problem.type}"
    return str(error)


class Lines(logging.Formatter):
    """Makes a line of a record."""

    def __init__(self, logs: Logs, fields: Mapping[str, Value]) -> None:
        super().__init__()
        self._logs, self._fixed = logs, fields

    def format(self, record: logging.LogRecord) -> str:
        """Return a JSON object, or a plain line and the stack of an exception below it."""
        fields = {**self._fixed, **_about.get(), **tracing.ids(), **self._error(record)}
        time = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
        head = {
            "time": time,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._message(record),
        }
        if self._logs.form == "json":
            return json.dumps(head | fields, ensure_ascii=False)
        stack = fields.pop("stack", "")
        return " ".join([*head.values(), *(f"{name}={value}" for name, value in fields.items())]) + (
            f"\n{stack}" if stack else ""
        )

    def _message(self, record: logging.LogRecord) -> str:
        if self._logs.contents or record.name.partition(".")[0] in OURS:
            return record.getMessage()
        return f"said at {_short(record.pathname)}:{record.lineno}"

    def _error(self, record: logging.LogRecord) -> dict[str, Value]:
        if not record.exc_info or record.exc_info[1] is None:
            return {}
        error = record.exc_info[1]
        if self._logs.contents:
            return {"error": type(error).__name__, "stack": self.formatException(record.exc_info)}
        return {"error": _types(error), "stack": _places(error.__traceback__)}


def _types(error: BaseException) -> str:
    """Return the type of an exception and of those that led to it."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return type(error).__name__ + (f" < {_types(cause)}" if cause else "")


def _places(found: TracebackType | None) -> str:
    return "\n".join(f"{_short(at.filename)}:{at.lineno} {at.name}" for at in traceback.extract_tb(found))


def _short(file: str) -> str:
    return "/".join(Path(file).parts[-3:])


def configure(logs: Logs, **fields: Value) -> None:
    """Write what is logged to standard error; `fields` are in each line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines(logs, fields))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
