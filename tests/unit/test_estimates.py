"""`apm explain workflow NAME`: what one run takes at most."""

import shutil
from pathlib import Path

from generator import pipeline
from generator.workflows import bounds, estimates
from runtime.services.answers import PARSE_RETRIES

BASE = Path(__file__).parents[1] / "conformance" / "base"

WORKFLOWS = """\
apiVersion: apm/v1
kind: Workflow
metadata: {name: outer}
spec:
  input: {type: object, required: [parts], properties: {parts: {type: array, maxItems: 3}}}
  limits: {maxSteps: 40}
  budget: {maxTokens: 5000}
  steps:
    - {id: all, forEach: {in: input.parts, steps: [{id: one, agent: thinker, retry: {maxAttempts: 2}}]}}
    - {id: below, workflow: inner}
    - id: decide
      switch: [{when: steps.below.outcome == 'succeeded', then: end}]
      default: all
      maxVisits: 2
      onExhausted: end
---
apiVersion: apm/v1
kind: Workflow
metadata: {name: inner}
spec:
  steps:
    - {id: short, llm: {model: paid, prompt: "Is it good?"}, when: "run.id != ''"}
    - {id: sort, switch: [{when: steps.short.outcome == 'skipped', then: long}], default: end}
    - {id: long, llm: {model: paid, prompt: "Is it good?", schema: {enum: [good, bad]}}, next: end}
---
apiVersion: apm/v1
kind: Agent
metadata: {name: thinker}
spec: {role: thinker, instructions: prompts/helper.md, model: paid, maxTurns: 4}
---
apiVersion: apm/v1
kind: Model
metadata: {name: paid}
spec:
  provider: openai
  model: gpt-4o
  secret: openai/key
  maxOutputTokens: 1000
  priceIn: 1 EUR
  priceOut: 10 EUR
"""


def _lines(tmp_path: Path, name: str) -> list[str]:
    shutil.copytree(BASE, tmp_path / "specs")
    (tmp_path / "specs" / "more.yaml").write_text(WORKFLOWS)
    specs = pipeline.check(tmp_path).written
    workflow = specs.find("Workflow", name)
    assert workflow is not None
    return list(estimates.lines(specs, workflow))


def test_steps_calls_tokens_and_money_are_counted(tmp_path: Path) -> None:
    text = "\n".join(_lines(tmp_path, "outer"))
    # Three passes of forEach (1 + 3 items), the sub-workflow and the decision, whose third visit is refused.
    assert "Steps: 18; `limits.maxSteps` is 40." in text
    # An item: 2 attempts of 4 turns and 2 repairs; below: one plain call, and one with 2 repairs.
    calls = 3 * (3 * 2 * (4 + PARSE_RETRIES) + 1 + (1 + PARSE_RETRIES))
    assert f"Calls of models: {calls} at most" in text
    assert f"Tokens that models write: {calls * 1000} at most" in text
    assert f"Cost of what models write: {calls / 100:.2f} EUR at most" in text
    assert "Tokens in and out: 5000 by `budget.maxTokens`; then the run fails." in text
    assert "Cost in all: no bound" in text


def test_what_is_not_known_is_said(tmp_path: Path) -> None:
    text = "\n".join(_lines(tmp_path, "answer"))
    assert "no price is known of small" in text
    assert "Tokens in and out: no bound" in text


def test_a_list_of_unknown_length_is_bounded_by_the_limit_of_steps(tmp_path: Path) -> None:
    shutil.copytree(BASE, tmp_path / "specs")
    (tmp_path / "specs" / "more.yaml").write_text(
        WORKFLOWS.replace(", maxItems: 3", "").replace("default: all", "default: end")
    )
    specs = pipeline.check(tmp_path).written
    workflow = specs.find("Workflow", "outer")
    assert workflow is not None
    text = "\n".join(estimates.lines(specs, workflow))
    assert "Steps: 40, its `limits.maxSteps`; 4 with one item in a list of unknown length." in text
    # One of the 40 steps is the loop itself: 39 items at most, of 2 attempts each.
    calls = 39 * 2 * (4 + PARSE_RETRIES) + 1 + (1 + PARSE_RETRIES)
    assert f"Calls of models: {calls} at most" in text
    assert "no schema says how long the list of all can be" in text


def test_repairs_are_those_of_the_runtime() -> None:
    assert estimates.REPAIRS == PARSE_RETRIES


def test_waits_that_lead_back_are_an_assumption(tmp_path: Path) -> None:
    shutil.copytree(BASE, tmp_path / "specs")
    (tmp_path / "specs" / "more.yaml").write_text(
        """\
apiVersion: apm/v1
kind: Workflow
metadata: {name: asking}
spec:
  steps:
    - {id: think, agent: helper}
    - {id: ask, approval: {message: "Good?", timeout: 30m, onTimeout: reject}}
    - {id: sort, switch: [{when: steps.ask.output.decision == 'reject', then: think}], default: end}
"""
    )
    specs = pipeline.check(tmp_path).written
    workflow = specs.find("Workflow", "asking")
    assert workflow is not None
    found = bounds.bound(specs, workflow)
    assert not found.endless
    assert found.assumptions == ("whoever answers ask sends the run back no more than once",)
