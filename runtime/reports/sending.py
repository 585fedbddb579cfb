"""One report, from the questions to Prometheus to the answers of its recipients.

Nothing is sent unless every question was answered. Every recipient is tried, also after another has failed.
"""

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import yaml
from pydantic import ValidationError

from runtime.contract.reports import ReportDocument, ReportQuery, ReportRecipient
from runtime.problems import Failure
from runtime.reports.writing import CONTENT_TYPES, Table, written

TIMEOUT = 60.0
"""Seconds for a question and for a recipient; Prometheus itself gives up after two minutes."""
MOST_ROWS = 1000
"""Rows of a table; more is no report that anybody reads."""
_SLACK = 35_000
"""Characters of a Slack message, below the 40 000 at which Slack cuts it off."""


def read(path: Path) -> ReportDocument:
    """Return the document of a report.

    Raises:
        Failure: it is not there or not well-formed.
    """
    try:
        return ReportDocument.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise Failure(f"{path} is no report", str(error).splitlines()[0]) from None


def run(document: ReportDocument, variables: Mapping[str, str], now: dt.datetime, say: Callable[[str], None]) -> None:
    """Ask, write and send.

    Raises:
        Failure: Prometheus did not answer a question, or a recipient did not take the report.
    """
    addresses = [(one, _address(one, variables)) for one in document.recipients]
    with httpx.Client(timeout=TIMEOUT) as client:
        tables = [_table(client, document.prometheus, query, now) for query in document.queries]
        text = written(document.format, document.title, f"{now:%Y-%m-%d %H:%M} UTC", tables)
        refused: list[str] = []
        for recipient, address in addresses:
            problem = _sent(client, document, recipient, address, text)
            refused += [f"{recipient.name} ({problem})"] if problem else []
            say(f"{recipient.name}: {problem or 'sent'}")
    if refused:
        raise Failure(f"not taken by {', '.join(refused)}", "see whether the address in the secret is still right")


def _address(recipient: ReportRecipient, variables: Mapping[str, str]) -> str:
    found = variables.get(recipient.address_env, "").strip()
    if not found.startswith(("https://", "http://")):
        raise Failure(f"the address of {recipient.name} is not set", f"{recipient.address_env} comes from its secret")
    return found


# --- asking ---------------------------------------------------------------------------------------------------------


def _table(client: httpx.Client, prometheus: str, query: ReportQuery, now: dt.datetime) -> Table:
    body = {"query": query.promql, "time": f"{now.timestamp():.3f}"}
    try:
        answer = client.post(f"{prometheus.rstrip('/')}/api/v1/query", data=body)
        found: Any = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Failure(f"Prometheus does not answer: {type(error).__name__}", f"asked {prometheus}") from None
    if not answer.is_success or found.get("status") != "success":
        raise Failure(f'Prometheus refuses "{query.title}": {found.get("error", answer.status_code)}')
    return _tabulated(query, found["data"])


def _tabulated(query: ReportQuery, data: Mapping[str, Any]) -> Table:
    if data["resultType"] == "scalar":
        return Table(query.title, (), [(_number(data["result"][1], query.decimals),)])
    if data["resultType"] != "vector":
        raise Failure(f'"{query.title}" gives a {data["resultType"]}: a table needs one value for each row')
    series: Sequence[Mapping[str, Any]] = data["result"]
    if len(series) > MOST_ROWS:
        raise Failure(f'"{query.title}" has {len(series)} rows, more than {MOST_ROWS}', "aggregate, or use topk")
    columns = sorted({label for one in series for label in one["metric"]} - {"__name__"})
    ordered = sorted(series, key=lambda one: (-_size(one["value"][1]), sorted(one["metric"].items())))
    rows = [(*(one["metric"].get(c, "") for c in columns), _number(one["value"][1], query.decimals)) for one in ordered]
    return Table(query.title, columns, rows)


def _size(text: str) -> float:
    """Order rows by value, those without one at the end."""
    return -math.inf if math.isnan(float(text)) else float(text)


def _number(text: str, decimals: int) -> str:
    value = float(text)
    return f"{value:.{decimals}f}" if math.isfinite(value) else "-"


# --- sending --------------------------------------------------------------------------------------------------------


def _sent(client: httpx.Client, document: ReportDocument, to: ReportRecipient, address: str, text: str) -> str:
    """Send, and return what went wrong; an address is a secret and is never part of that."""
    try:
        if to.kind == "slack":
            answer = client.post(address, json={"text": _message(document, text)})
        else:
            headers = {"Content-Type": CONTENT_TYPES[document.format]}
            answer = client.post(address, content=text.encode(), headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return type(error).__name__
    return "" if answer.is_success else f"HTTP {answer.status_code}"


def _message(document: ReportDocument, text: str) -> str:
    """Return a report as Slack shows it: with fixed width, so that columns stay columns."""
    cut = text if len(text) <= _SLACK else text[:_SLACK] + "\n... cut off"
    escaped = cut.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("```", "'''")
    return f"*{document.title}*\n```\n{escaped}```"
