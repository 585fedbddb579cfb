"""Alerts that never fire, or always: what can be told from the expression."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from generator.importing.defects import Defects
from generator.importing.manifests import RULE_FILE, Found, Manifest, containers, dig, items, mapping, text
from generator.model import Loc
from generator.problems import Problem
from generator.rules.promql import Expression, PromQLError, comparison, parse


class Finding(NamedTuple):
    """What is wrong with one expression."""

    code: str
    message: str
    hint: str


_IDENTIFIERS = {f"{name}_id" for name in ("task", "run", "request", "session", "message", "trace", "user", "document")}
_BARE_VALUE = re.compile(r"\{\{-?\s*\$value\s*-?\}\}")
_FRACTION = re.compile(r" / |\b(i?rate|avg|avg_over_time|quantile|histogram_quantile|stddev)\b")
"""What gives values that are no whole numbers."""
_COUNTED = {"rate", "irate", "increase", "resets", "changes", "absent", "absent_over_time", "count"}


def rules(found: Found) -> Iterator[tuple[Manifest, Loc, dict[str, Any]]]:
    """Yield every rule with where it stands."""
    for manifest in found.of("PrometheusRule", RULE_FILE):
        base: Loc = () if manifest.kind == RULE_FILE else ("spec",)
        for g, group in enumerate(items(manifest.get(*base, "groups"))):
            for r, rule in enumerate(items(mapping(group).get("rules"))):
                if isinstance(rule, dict):
                    yield manifest, (*base, "groups", g, "rules", r), mapping(rule)


def run(found: Found) -> Iterable[Problem]:
    """Report rules that can't do what they are for."""
    buckets = _metrics(found, "_bucket") | _metrics(found, "_sum")
    for manifest, loc, rule in rules(found):
        expr = text(rule.get("expr"))
        try:
            parsed = parse(expr)
        except PromQLError as error:
            message = (
                f"{_name(rule)}: this is no PromQL: {str(error).splitlines()[0]}; Prometheus refuses the whole file"
            )
            yield manifest.problem((*loc, "expr"), "promql-refused", message)
            continue
        findings = (*_silent(rule, parsed), *_wrong(rule, parsed, buckets, found), *_identified(parsed))
        for code, message, hint in findings:
            yield manifest.problem((*loc, "expr"), code, f"{_name(rule)}: {message}", hint)
        if rule.get("alert"):
            yield from _texts(manifest, loc, rule)


def _name(rule: dict[str, Any]) -> str:
    return text(rule.get("alert") or rule.get("record"))


def _metrics(found: Found, suffix: str) -> set[str]:
    names: set[str] = set()
    for _, _, rule in rules(found):
        names |= {
            m.removesuffix(suffix)
            for m in re.findall(r"[A-Za-z_:][\w:]*", text(rule.get("expr")))
            if m.endswith(suffix)
        }
    return names


# --- alerts that are silent when they should speak --------------------------------------------------------------------


def _silent(rule: dict[str, Any], parsed: Expression) -> Iterator[Finding]:
    inside = {f for read in parsed.reads for f in read.inside}
    guarded = "absent" in parsed.text or "or vector" in parsed.text or "absent" in inside
    compared = comparison(parsed.text)
    if not rule.get("alert") or compared is None or guarded:
        return
    metrics = [read.metric for read in parsed.reads]
    if "up" in metrics and compared[1] in ("==", "<", "<="):
        yield Finding(
            "absent-target",
            "`up` of a target that does not exist is absent, not 0: silent when the system is gone",
            "`or absent(...)`; the template targetDown does it",
        )
    elif re.search(r"time\(\)\s*-", parsed.text):
        yield Finding(
            "absent-series",
            "a time that was never exported is absent: silent for ever where nothing ever succeeded",
            "`or vector(0)`; the template freshness does it",
        )


# --- expressions that mean something else -----------------------------------------------------------------------------


def _wrong(rule: dict[str, Any], parsed: Expression, histograms: set[str], found: Found) -> Iterator[Finding]:
    compared = comparison(parsed.text)
    for read in parsed.reads:
        if read.metric.endswith("_total") and not set(read.inside) & _COUNTED and compared and _bare(parsed):
            yield Finding(
                "raw-counter", f"{read.metric} only grows: once above the limit it stays there", "rate() or increase()"
            )
        quantile = any(m.label == "quantile" for m in read.matchers)
        if quantile and (read.metric in histograms or read.metric.endswith("_seconds")):
            yield Finding(
                "quantile-of-histogram",
                f"{read.metric} is a histogram, and has no label quantile: empty for ever",
                "histogram_quantile over _bucket",
            )
    yield from _ratio(parsed)
    if compared and rule.get("alert"):
        yield from _units(rule, parsed, compared, found)


def _bare(parsed: Expression) -> bool:
    return not any(set(read.inside) & _COUNTED for read in parsed.reads)


def _ratio(parsed: Expression) -> Iterator[Finding]:
    for left, right in _divisions(parsed.tree):
        one, other = _selectors(left), _selectors(right)
        summed = "AggregateExpr" in _types(left) or "AggregateExpr" in _types(right)
        if len(one) == 1 and len(other) == 1 and not summed:
            yield from _unlike(one[0], other[0])
        limit = len(other) == 1 and re.search("limit|quota|max_bytes|total_bytes", other[0].name or "")
        if limit and not re.search("> ?0", str(right)):
            yield Finding(
                "unguarded-division",
                f"where {other[0].name} is 0 (no limit), the share is infinite and always above it",
                f"divide by ({other[0].name} > 0)",
            )


def _unlike(left: Any, right: Any) -> Iterator[Finding]:
    labels = [{str(m) for m in side.matchers.matchers} for side in (left, right)]
    names = [{m.name for m in side.matchers.matchers} for side in (left, right)]
    if left.name == right.name and labels[0] != labels[1]:
        yield Finding(
            "unaggregated-ratio",
            f"each series of {left.name} is divided by itself: one failure in a series gives 100 %",
            "sum both sides before dividing",
        )
    elif left.name != right.name and names[0] != names[1] and left.name.split("_")[0] != right.name.split("_")[0]:
        yield Finding(
            "label-mismatch",
            f"{left.name} and {right.name} come from different exporters with different labels: no "
            "pair is found, and the result is empty",
            "on(...), or sum both sides",
        )


def _divisions(node: Any) -> Iterator[tuple[Any, Any]]:
    kind = type(node).__name__
    if kind == "BinaryExpr":
        if str(node.op) == "/" and not (node.modifier and node.modifier.matching):
            yield node.lhs, node.rhs
        yield from _divisions(node.lhs)
        yield from _divisions(node.rhs)
    elif kind in ("ParenExpr", "UnaryExpr", "AggregateExpr", "SubqueryExpr"):
        yield from _divisions(node.expr)
    elif kind == "Call":
        for argument in node.args:
            yield from _divisions(argument)


def _selectors(node: Any) -> list[Any]:
    kind = type(node).__name__
    if kind == "VectorSelector":
        return [node] if node.name else []
    if kind == "MatrixSelector":
        return _selectors(node.vector_selector)
    if kind in ("ParenExpr", "UnaryExpr", "AggregateExpr", "SubqueryExpr"):
        return _selectors(node.expr)
    if kind == "BinaryExpr":
        return [*_selectors(node.lhs), *_selectors(node.rhs)]
    return [s for argument in node.args for s in _selectors(argument)] if kind == "Call" else []


def _types(node: Any) -> set[str]:
    kind = type(node).__name__
    children: list[Any] = [node.expr] if hasattr(node, "expr") else []
    if kind == "Call":
        children = list(node.args)
    elif kind == "BinaryExpr":
        children = [node.lhs, node.rhs]
    return {kind}.union(*(_types(child) for child in children))


def _identified(parsed: Expression) -> Iterator[Finding]:
    """Labels that have another value for each task or run, of which there is no end."""
    labels = {m.label for read in parsed.reads for m in read.matchers}
    labels |= {label for grouping in parsed.groupings for label in grouping.labels}
    for label in sorted(labels & _IDENTIFIERS):
        message = f"`{label}` has another value each time: its metric grows by a series with each, for ever"
        yield Finding("identifier-label", message, "log it, and count by something that has few values")


def _units(
    rule: dict[str, Any], parsed: Expression, compared: tuple[str, str, float], found: Found
) -> Iterator[Finding]:
    said = " ".join(text(v) for v in mapping(rule.get("annotations")).values())
    divided = any(True for _ in _divisions(parsed.tree))
    rated = any("rate" in read.inside for read in parsed.reads)
    if re.search(r"\d\s*%|percent(?!ile)|Prozent", said) and rated and not divided and "* 100" not in parsed.text:
        yield Finding(
            "percent-of-rate",
            f"the text speaks of per cent, the expression counts events a second (limit {compared[2]:g})",
            "divide by the rate of all events",
        )
    if re.search(r"process_cpu_seconds_total", parsed.text) and "* 100" in parsed.text and not divided:
        yield from _reachable(compared[2], found)
    if (
        re.fullmatch(r"rate\((\w+)_sum.*\) / rate\(\1_count.*\)", " ".join(compared[0].split()))
        and "workflow" in parsed.text
    ):
        yield Finding(
            "silent-when-stuck",
            "the mean of what has ended says nothing of what hangs: no sample, no alert",
            "an age of the oldest that runs; the template backlog does it",
        )
    if re.search(r"container_cpu_usage_seconds_total", parsed.text) and not rated:
        yield Finding(
            "raw-counter", "container_cpu_usage_seconds_total only grows: once above the limit it stays there", "rate()"
        )


def _reachable(limit: float, found: Found) -> Iterator[Finding]:
    for manifest in found.of("Deployment"):
        for _, container in containers(manifest, init=False):
            cpu = text(dig(container, "resources", "limits", "cpu"))
            cores = (
                float(cpu[:-1]) / 1000
                if re.fullmatch(r"\d+m", cpu)
                else float(cpu)
                if re.fullmatch(r"[\d.]+", cpu)
                else 0
            )
            if cores and limit >= cores * 100 and manifest.name in str([m.value for m in found.of("PrometheusRule")]):
                yield Finding(
                    "unreachable-threshold",
                    f"{limit:g} % of one core, but {manifest.title} may use {cores:g} cores at most: it never fires",
                    "divide by the limit",
                )
                return


# --- texts ------------------------------------------------------------------------------------------------------------


def _texts(manifest: Manifest, loc: Loc, rule: dict[str, Any]) -> Iterator[Problem]:
    notes = mapping(rule.get("annotations"))
    if not any(key in notes for key in ("runbook_url", "runbook")):
        yield manifest.problem((*loc, "alert"), "no-runbook", f"{_name(rule)}: whoever is called is told no runbook")
    if not mapping(rule.get("labels")).get("severity"):
        yield manifest.problem(
            (*loc, "alert"), "no-severity", f"{_name(rule)}: no severity: routes by severity pass it over"
        )
    for key, note in notes.items():
        if _BARE_VALUE.search(text(note)) and _FRACTION.search(text(rule.get("expr"))):
            message = f"{_name(rule)}: `$value` is shown with all its digits, such as 87.33333333333333"
            yield manifest.problem(
                (*loc, "annotations", key), "unformatted-value", message, "`{{ $value | humanize }}`"
            )


DEFECTS = Defects("rules", run)
