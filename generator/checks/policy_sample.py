"""A policy does not do what its samples say.

A policy stands with objects that it lets pass and objects that it refuses. Every object under `pass` has to meet all
validations, every object under `fail` has to miss at least one, and each validation has to refuse one of them: a rule
that nothing was ever seen to break may be one that nothing can break.

Samples are judged by the policy as it is written; what an environment's overlay makes of it is not held against them.
They are objects with `apiVersion` and `kind`, of a kind that the policy matches.

Fix: correct the expression or the sample; add a failing sample for the validation that is named.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, cast

from generator.load import UNREAD
from generator.model import Catalogue, Check, Declared, Loc, beside
from generator.problems import Problem
from generator.rules.policy import Compiled, compiled, faults, group_of


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report samples that are on the wrong side, and validations that no sample misses."""
    for policy in catalogue.all("Policy"):
        if not any(faults(policy.spec)):  # those are reported as such
            yield from _samples(catalogue, policy, compiled(policy.spec))


def _samples(catalogue: Catalogue, policy: Declared, rule: Compiled) -> Iterator[Problem]:
    missed: set[int] = set()
    readable = True
    for side, samples in (("pass", policy.spec.pass_), ("fail", policy.spec.fail)):
        for index, sample in enumerate(samples):
            loc: Loc = ("spec", side, index)
            found = _object(catalogue, policy, sample)
            if found is None:
                readable = False
            elif wrong := _unfit(found, rule):
                readable = False
                yield policy.problem(loc, "policy-sample", wrong)
            else:
                refusals = list(rule.refusals(found))
                missed.update(refusal.index for refusal in refusals)
                if side == "pass" and refusals:
                    yield policy.problem(loc, "policy-sample", f"this object should pass, but: {refusals[0].message}")
                elif side == "fail" and not refusals:
                    yield policy.problem(
                        loc, "policy-sample", "this object should be refused, but meets all validations"
                    )
    for index in range(len(policy.spec.validations)) if readable else ():
        if index not in missed:
            message = "no object under `fail` is refused by this validation"
            yield policy.problem(("spec", "validations", index), "policy-sample", message, "add one")


def _object(catalogue: Catalogue, policy: Declared, sample: object) -> Any:
    """Return the object; None where the file is missing, which is reported as such."""
    if isinstance(sample, str):
        text = catalogue.files.get(beside(policy.document.file, sample), UNREAD)
        if text is UNREAD:
            return None
        try:
            return json.loads(text)
        except ValueError:
            return text
    return sample


def _unfit(found: Any, rule: Compiled) -> str:
    if not isinstance(found, dict) or not {"apiVersion", "kind"} <= cast("dict[str, Any]", found).keys():
        return "a sample is an object with apiVersion and kind; in a file, as JSON"
    value = cast("dict[str, Any]", found)
    if (group_of(str(value["apiVersion"])), str(value["kind"])) not in rule.kinds:
        return f"the policy does not match {value['apiVersion']} {value['kind']}"
    return ""


CHECK = Check("policy-sample", run)
