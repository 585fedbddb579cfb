"""Findings of a judge, held against the exceptions that are explained."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

EXCEPTIONS: Mapping[str, Sequence[Mapping[str, str]]] = yaml.safe_load(
    Path(__file__).with_name("exceptions.yaml").read_text()
)


@dataclass(frozen=True, order=True)
class Finding:
    """What a judge says of one object or file, under its own name of the rule."""

    rule: str
    where: str
    says: str


def judged(judge: str, findings: Iterable[Finding]) -> None:
    """Fail with every finding that no exception explains, and with every exception that explains none."""
    found, exceptions = sorted(set(findings)), EXCEPTIONS.get(judge, [])
    unexplained = [one for one in found if not any(_meant(exception, one) for exception in exceptions)]
    assert not unexplained, "\n".join(f"{one.rule}: {one.where}: {one.says}" for one in unexplained)
    unused = [exception for exception in exceptions if not any(_meant(exception, one) for one in found)]
    assert not unused, f"{judge} no longer finds: {unused}"


def _meant(exception: Mapping[str, str], finding: Finding) -> bool:
    where = re.search(exception.get("where", ""), f"{finding.where}: {finding.says}")
    return exception["rule"] == finding.rule and where is not None
