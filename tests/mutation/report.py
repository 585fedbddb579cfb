"""What became of all mutants, as a page."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

_HEAD = """<!-- Made by `make mutants`; edits here are lost. -->

# Mistakes that `apm validate` refuses

Every spec of the reference system, with one mistake at a time: each key misspelt, each required field removed, each
value of another type, each name broken, each expression disturbed. *Refused* is an error on the line of the mistake (or
around it, or naming it), *elsewhere* an error that is neither. The rest passes: *harmless* with the reason below, or
*missed*; *crashed* is a defect of the validator itself. The figures are those of the last `make mutants`; the specs may
have grown since.

"""
_EVIDENCE = """What passes is rendered, and compared with what the specs without the mistake render, digests left out.
*rendered/ stays as it is* means that no cluster gets anything else; *the text is carried along* that it stands in
rendered/ instead of the right one, and nothing else is made of it. Of each field of workflows and of their tests, one
mistake is given to `apm test` too: *`apm test` fails* means that a case of the tests in specs/ tells of it. Texts
for people and samples pass with evidence only. *none* is an opinion.

"""
_OPERATORS = {
    "reference": "a reference is broken", "key": "a key of the language is misspelt",
    "chosen-key": "a key that the author has chosen is misspelt", "required": "a required field is gone",
    "type": "a value has another type", "value": "a text is misspelt, a number is negative",
    "target": "a step goes on to one that is not there", "redirected": "a step goes on to another one",
    "lost-next": "a step has lost its `next`", "lost-when": "a step has lost its `when`",
    "lost-save": "a step has lost (a part of) its `save`", "expression-field": "an expression reads a misspelt field",
    "expression-value": "a text in a condition is misspelt", "expression-syntax": "an expression can't be read",
    "expression-type": "a number is added to an expression that is none",
}  # fmt: skip
OUTCOMES = ("refused", "elsewhere", "harmless", "missed", "crashed")


def page(rows: Sequence[Row], each: int) -> str:
    """Return the page; `each` is how many mutants of each sort and field were taken, 0 means all."""
    counts = Counter(row["outcome"] for row in rows)
    harmful = len(rows) - counts["harmless"]
    share = 100 * (counts["refused"] + counts["elsewhere"]) / harmful if harmful else 100.0
    taken = f"Of each sort of mistake, {each} at each field: " if each else ""
    first = f"{taken}{len(rows)} mutants, {harmful} of them harmful: {share:.2f} % of those are refused.\n\n"
    reasons = Counter((row["why"], row["shown"]) for row in rows if row["outcome"] == "harmless")
    why = "".join(f"| {reason} | {shown} | {count} |\n" for (reason, shown), count in sorted(reasons.items()))
    passing = f"\n## Why some may pass\n\n{_EVIDENCE}| reason | evidence | mutants |\n|---|---|---|\n{why}"
    return (_HEAD + first + _table("mistake", "operator", rows, _OPERATORS) + "\n" + _table("kind", "kind", rows, {})
            + passing + _listed("missed", rows) + _listed("crashed", rows) + _listed("elsewhere", rows))  # fmt: skip


def _table(title: str, field: str, rows: Iterable[Row], words: Mapping[str, str]) -> str:
    counts = Counter((row[field], row["outcome"]) for row in rows)
    names = sorted({name for name, _ in counts}, key=lambda name: ([*words, name].index(name), name))
    lines = [f"| {words.get(name, name)} | " + " | ".join(str(counts[name, one]) for one in OUTCOMES) for name in names]
    return f"| {title} | {' | '.join(OUTCOMES)} |\n|---|---|---|---|---|---|\n" + "".join(
        f"{line} |\n" for line in lines
    )


def _listed(outcome: str, rows: Iterable[Row]) -> str:
    found = sorted({row["text"] for row in rows if row["outcome"] == outcome})
    return f"\n## All that were {outcome}\n\n" + "".join(f"* `{text}`\n" for text in found) if found else ""
