"""The report of an import, for terminals, for pull requests and for programs."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from generator.codes.importing import SUBJECTS
from generator.importing.proof import Proven, Row
from generator.importing.run import Imported
from generator.problems import Problem, plural
from generator.rules import secrecy

_T = TypeVar("_T")
_SHOWN = 2
"""Examples of one defect, or of one reason, that are shown without -v."""
_HEAD = "| object | spec | values | same | differ | not expressed | added |\n|---|---|---|---|---|---|---|"


def as_json(result: Imported, written: list[str]) -> str:
    """Return everything as JSON, in stable form."""
    value = {
        "files": list(result.found.files),
        **({"cluster": result.found.cluster, "leftOut": dict(result.found.left_out)} if result.found.cluster else {}),
        "written": written,
        "replaced": list(result.replaced),
        "kept": list(result.kept),
        "renders": result.proof.renders,
        "objects": [_object(one) for one in result.proof.proven],
        "notExpressed": [
            {"object": p.manifest.title, **_place(p.manifest.place(())), "why": p.why} for p in result.drafts.passed
        ],
        "unread": [p.as_json() for p in result.found.unread],
        "decide": [{"spec": a.spec, "path": a.path, "value": a.value, "why": a.why} for a in result.drafts.assumed],
        "defects": [p.as_json() for p in result.defects],
        "problems": [p.as_json() for p in result.proof.problems],
    }
    return json.dumps(value, indent=2, ensure_ascii=False)


def _place(place: Any) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column}


def _object(one: Proven) -> dict[str, Any]:
    rows = [{"path": r.path, "verdict": r.verdict, **_place(r.place), "why": r.why} for r in one.rows]
    counts = {
        "same": one.same,
        "differs": one.count("differs"),
        "notExpressed": one.count("not-expressed"),
        "added": one.added,
    }
    return {"object": one.manifest.title, **_place(one.manifest.place(())), "spec": one.spec, **counts, "fields": rows}


def text(result: Imported, written: list[str], *, verbose: bool) -> str:
    """Return the report for a terminal."""
    return "\n".join(_lines(result, written, verbose=verbose)) + "\n"


def _lines(result: Imported, written: list[str], *, verbose: bool) -> Iterator[str]:
    yield summary(result)
    yield from _section("Written", written or ["nothing (say --out DIR)"])
    yield from _section("Written over what was there", result.replaced)
    yield from _section("Kept as they are", result.kept)
    yield from _section("To decide", (f"{a.spec} {a.path} = {_short(a.value)}: {a.why}" for a in result.drafts.assumed))
    yield from _section("Defects that were seen", _defects(result, verbose))
    yield from _section(
        "What apm says about the specs",
        (f"{p.place}: {p.severity}: {secrecy.mask(p.message)} [{p.code}]" for p in result.proof.problems),
    )
    yield from _section("Rendered back", (line for one in result.proof.proven for line in _proven(one, verbose)))
    yield from _section("Not expressed", _passed(result, verbose))
    yield from _section("Left out", _left_out(result))
    yield from _section("Not read", (f"{p.place}: {p.message} [{p.code}]" for p in result.found.unread))


def _defects(result: Imported, verbose: bool) -> Iterator[str]:
    """Yield defects by subject and code, what hurts most first, each code with what to do and some of its places."""
    for title, groups in by_subject(result.defects):
        yield f"{title} ({sum(map(len, groups.values()))})"
        for code, found in groups.items():
            hint = f": {found[0].hint}" if found[0].hint else ""
            if len(found) == 1:
                yield f"  {found[0].place}: {secrecy.mask(found[0].message)} [{code}]{hint}"
                continue
            yield f"  {code} ({len(found)}){hint}"
            yield from (f"    {p.place}: {secrecy.mask(p.message)}" for p in _some(found, verbose))
            yield from _more(found, verbose, "    ")


def by_subject(defects: Sequence[Problem]) -> Iterator[tuple[str, dict[str, list[Problem]]]]:
    """Yield subjects with their defects by code, in the order in which people should look at them."""
    others = _grouped((problem.code, problem) for problem in defects)
    for subject in SUBJECTS:
        groups = {code: others.pop(code) for code in list(others) if code in subject.PAGES}
        if groups:
            yield (subject.__doc__ or "").strip().rstrip("."), dict(sorted(groups.items(), key=lambda g: -len(g[1])))
    if others:
        yield "What is no YAML that can be read", others


def _grouped(pairs: Iterable[tuple[str, _T]]) -> dict[str, list[_T]]:
    groups: dict[str, list[_T]] = {}
    for name, one in pairs:
        groups.setdefault(name, []).append(one)
    return groups


def _passed(result: Imported, verbose: bool) -> Iterator[str]:
    """Yield objects without a spec by the reason."""
    reasons = _grouped((p.why, f"{p.manifest.place(())}: {p.manifest.title}") for p in result.drafts.passed)
    for why, places in reasons.items():
        if len(places) == 1:
            yield f"{places[0]}: {why}"
            continue
        yield f"{plural(len(places), 'object')}: {why}"
        yield from (f"  {place}" for place in _some(places, verbose))
        yield from _more(places, verbose, "  ")


def _some(found: Sequence[_T], verbose: bool) -> Sequence[_T]:
    return found if verbose or len(found) <= _SHOWN + 1 else found[:_SHOWN]


def _more(found: Sequence[object], verbose: bool, indent: str) -> Iterator[str]:
    left = len(found) - len(_some(found, verbose))
    if left:
        yield f"{indent}and {left} more (-v shows all)"


def summary(result: Imported) -> str:
    """Return one line."""
    proven = result.proof.proven
    same, total = sum(p.same for p in proven), sum(p.total for p in proven)
    share = f", {100 * same // total} % of their values rendered back as they were" if total else ""
    found = result.found
    source = f"the cluster at {found.cluster}" if found.cluster else plural(len(found.files), "file")
    valid = "the specs are valid and render" if result.proof.renders else "the specs do not render yet"
    if not found.manifests:
        return f"{source}: nothing in it can be imported."
    return (
        f"{source}, {plural(len(found.manifests), 'object')}: {len(proven)} expressed{share}, "
        f"{len(result.drafts.passed)} not; {plural(len(result.defects), 'defect')}; {valid}."
    )


def _left_out(result: Imported) -> Iterator[str]:
    return (f"{plural(number, 'object')} {why}" for why, number in result.found.left_out.items())


def _section(title: str, lines: Any) -> Iterator[str]:
    found = list(lines)
    if found:
        yield f"\n{title}"
        yield from (f"  {line}" for line in found)


def _proven(one: Proven, verbose: bool) -> Iterator[str]:
    yield (
        f"{one.manifest.place(())}: {one.manifest.title} -> {one.spec}: {one.same} of {one.total} the same, "
        f"{one.count('differs')} differ, {one.count('not-expressed')} not expressed, {one.added} added"
    )
    shown = _some(one.rows, verbose)
    yield from (f"  {_row(row)}" for row in shown)
    if len(one.rows) > len(shown):
        yield f"  and {len(one.rows) - len(shown)} more fields (-v shows all)"


def _row(row: Row) -> str:
    if row.verdict == "not-expressed":
        return f"{row.place}: {row.path}: not expressed: {row.why}"
    if secrecy.is_sensitive(row.path.rpartition(".")[2]):
        return f"{row.place}: {row.path}: differs: {row.why}"
    return f"{row.place}: {row.path}: was {_short(row.old)}, is {_short(row.new)}: {row.why}"


def _short(value: Any) -> str:
    shown = secrecy.mask(json.dumps(value, ensure_ascii=False, default=str))
    return shown if len(shown) <= 70 else f"{shown[:67]}..."


def markdown(result: Imported, written: list[str]) -> str:
    """Return the report for a pull request: what is to be done first, field by field folded."""
    return "\n".join(_markdown(result, written)) + "\n"


def _markdown(result: Imported, written: list[str]) -> Iterator[str]:
    yield f"# Import\n\n{summary(result)}\n"
    yield from _list(
        "To decide", (f"`{a.spec}` `{a.path}` = `{_short(a.value)}`: {a.why}" for a in result.drafts.assumed)
    )
    if result.defects:
        yield "## Defects that were seen\n"
    for title, groups in by_subject(result.defects):
        yield f"### {title}\n"
        for code, found in groups.items():
            yield f"- **{code}** ({len(found)})" + (f": {found[0].hint}" if found[0].hint else "")
            yield from (f"  - `{p.place}` {secrecy.mask(p.message)}" for p in found)
        yield ""
    yield from _list(
        "What apm says about the specs",
        (f"`{p.place}` **{p.code}** {secrecy.mask(p.message)}" for p in result.proof.problems),
    )
    yield f"## Rendered back\n\n{_HEAD}"
    for one in result.proof.proven:
        yield (
            f"| `{one.manifest.place(())}` {one.manifest.title} | {one.spec} | {one.total} | {one.same} | "
            f"{one.count('differs')} | {one.count('not-expressed')} | {one.added} |"
        )
    for one in result.proof.proven:
        if one.rows:
            yield f"\n<details><summary>{one.manifest.title}</summary>\n"
            yield from (f"- `{row.place}` {_row(row).partition(': ')[2]}" for row in one.rows)
            yield "\n</details>"
    yield from _list(
        "\nNot expressed", (f"`{p.manifest.place(())}` {p.manifest.title}: {p.why}" for p in result.drafts.passed)
    )
    yield from _list("Left out", _left_out(result))
    yield from _list("Not read", (f"`{p.place}` {p.message}" for p in result.found.unread))
    yield from _list("Written", (f"`{path}`" for path in written))
    yield from _list("Written over what was there", (f"`{path}`" for path in result.replaced))


def _list(title: str, lines: Any) -> Iterator[str]:
    found = list(lines)
    if found:
        yield f"## {title}\n" if not title.startswith("\n") else f"\n## {title.strip()}\n"
        yield from (f"- {line}" for line in found)
        yield ""
