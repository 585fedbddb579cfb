"""Tables as Markdown, CSV or HTML. Labels come from outside: nothing in them is taken for markup or for a formula."""

import csv
import html
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from runtime.contract.reports import ReportFormat

CONTENT_TYPES: Mapping[ReportFormat, str] = {
    "markdown": "text/markdown; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
}
NOTHING = "no data"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet computes."""


@dataclass(frozen=True)
class Table:
    """What one query gave."""

    title: str
    columns: Sequence[str]
    """Names of labels; the value comes after them."""
    rows: Sequence[tuple[str, ...]]
    """Label values, then the value."""


def written(form: ReportFormat, title: str, when: str, tables: Sequence[Table]) -> str:
    """Return a report as text."""
    writers: Mapping[ReportFormat, Callable[[str, str, Sequence[Table]], str]] = {
        "markdown": _markdown,
        "csv": _csv,
        "html": _html,
    }
    return writers[form](title, when, tables)


def _markdown(title: str, when: str, tables: Sequence[Table]) -> str:
    lines = [f"# {_cell(title)}", "", when]
    for table in tables:
        lines += ["", f"## {_cell(table.title)}", ""]
        lines += _markdown_rows(table) if table.rows else [NOTHING]
    return "\n".join(lines) + "\n"


def _markdown_rows(table: Table) -> list[str]:
    head = [*table.columns, "value"]
    rows = [head, ["---"] * (len(head) - 1) + ["---:"], *([_cell(c) for c in row] for row in table.rows)]
    return ["| " + " | ".join(row) + " |" for row in rows]


def _cell(text: str) -> str:
    """One line without what Markdown or Slack would take for markup."""
    for char in "\\`*_|[]<>&":
        text = text.replace(char, f"\\{char}")
    return " ".join(text.split())


def _csv(title: str, when: str, tables: Sequence[Table]) -> str:
    """One file: a line for each row, with the title of its table in front."""
    columns = list(dict.fromkeys(column for table in tables for column in table.columns))
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(["report", "at", "table", *columns, "value"])
    for table in tables:
        for row in table.rows:
            labels = dict(zip(table.columns, row[:-1], strict=True))
            cells = [title, when, table.title, *(labels.get(column, "") for column in columns)]
            writer.writerow([*map(_plain, cells), row[-1]])
    return target.getvalue()


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _html(title: str, when: str, tables: Sequence[Table]) -> str:
    parts = [f"<!doctype html><meta charset=utf-8><title>{html.escape(title)}</title><h1>{html.escape(title)}</h1>",
             f"<p>{html.escape(when)}</p>"]  # fmt: skip
    for table in tables:
        parts.append(f"<h2>{html.escape(table.title)}</h2>")
        parts.append(_html_rows(table) if table.rows else f"<p>{NOTHING}</p>")
    return "\n".join(parts) + "\n"


def _html_rows(table: Table) -> str:
    head = "".join(f"<th>{html.escape(column)}</th>" for column in (*table.columns, "value"))
    rows = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in table.rows)
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"
