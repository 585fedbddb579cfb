"""What is read from PromQL: names, matchers, functions around them, groupings, and where a name stands."""

import pytest

from generator.problems import Place
from generator.rules.promql import (
    Matcher,
    PromQLError,
    Read,
    comparison,
    labels_of,
    parse,
    scoped,
    selector,
    spot,
)


def test_reads_metrics_matchers_and_what_is_around() -> None:
    found = parse('sum by (a) (rate(x{b="1",c!~"2|3"}[5m])) / on (a) max_over_time(y[1h:5m]) > bool 2')
    assert found.reads == (
        Read("x", (Matcher("b", "=", "1"), Matcher("c", "!~", "2|3")), ("rate", "sum")),
        Read("y", (), ("max_over_time",)),
    )
    assert [(g.labels, [r.metric for r in g.reads]) for g in found.groupings] == [(("a",), ["x"]), (("a",), ["x", "y"])]


@pytest.mark.parametrize("text", ["sum(", "rate(x)", "avg_over_time(up[30m]) by (job)", 'x{a="b"', "sum by (a, b", ""])
def test_refuses_what_is_no_promql(text: str) -> None:
    with pytest.raises(PromQLError):
        parse(text)


@pytest.mark.parametrize("text", ["rate(x[5m])", "x > 1", '{a="b"}', "x[5m]", "1"])
def test_refuses_what_is_no_selector(text: str) -> None:
    with pytest.raises(PromQLError):
        selector(text)


def test_grafana_windows_count_as_five_minutes() -> None:
    assert parse("rate(x[$__rate_interval])").reads == parse("rate(x[5m])").reads


def test_a_selector_is_confined_unless_it_says_something_itself() -> None:
    assert scoped(selector('x{a="b"}')).text() == 'x{a="b",namespace="$namespace"}'
    assert scoped(selector('x{namespace=~".+"}')).text() == 'x{namespace=~".+"}'
    assert scoped(selector('x{dest="$namespace"}')).text() == 'x{dest="$namespace"}'


def test_values_are_escaped() -> None:
    text = r'x{a="b\\.c\"d"}'
    assert selector(text).text() == text
    assert selector(selector(text).text()) == selector(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("max(x) < 1", ("max(x)", "<", 1.0)), ("x", None), ("x > y", None), ("x > 1 and y", None), ("x + 1", None)],
)
def test_comparison(text: str, expected: tuple[str, str, float] | None) -> None:
    assert comparison(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum(x) > 1", set[str]()),
        ("sum by (a, b) (x) > 1", {"a", "b"}),
        ("sum by (a) (x) / sum by (a) (y) > 1 and sum by (b) (z) > 2", {"a"}),
        ("1 < sum by (a) (x)", {"a"}),
        ("x > 1", None),
        ("sum without (a) (x)", None),
        ("sum by (a) (x) or sum by (b) (x)", None),
    ],
)
def test_labels_of_a_result(text: str, expected: set[str] | None) -> None:
    assert labels_of(text) == expected


TEXT = 'sum(rate(apm_x_total{a="apm_x"}[5m])) / apm_x > 1'


@pytest.mark.parametrize(
    ("length", "name", "column"),
    [
        (len(TEXT), "apm_x", 10 + TEXT.rindex("apm_x")),
        (len(TEXT) + 2, "apm_x", 11 + TEXT.rindex("apm_x")),
        (len(TEXT) + 2, '"apm_x"', 11 + TEXT.index('"apm_x"')),
        (len(TEXT) + 2, "apm_x_total", 11 + TEXT.index("apm_x_total")),
        (1, "apm_x", 10),
        (len(TEXT) + 3, "apm_x", 10),
    ],
)
def test_a_name_is_found_where_it_stands(length: int, name: str, column: int) -> None:
    """Outside of strings; in plain and quoted scalars on one line. Else the whole scalar is the place."""
    assert spot(TEXT, name, Place("f", 3, 10, length)).column == column
