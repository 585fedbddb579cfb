"""The types of everything that a workflow's expressions start from, and what is wrong in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from generator.model import Catalogue, Declared, Loc
from generator.references import Expression, expressions
from generator.workflows import types
from generator.workflows.flow import Node, Scope, about_a_problem, scopes, writes
from generator.workflows.guards import NONE, Facts
from generator.workflows.inference import Finding, infer
from generator.workflows.outputs import PROBLEM, input_type, output_type, payload_type, step_type
from generator.workflows.paths import ScopePaths, case_facts, paths, ready_facts
from generator.workflows.types import ANY, Field, Fields, Type, join, of
from runtime.contract import Field_
from runtime.expressions.templates import Hole, UnclosedError, split
from runtime.expressions.tree import tree
from runtime.nodes.for_each import ForEachStep
from runtime.nodes.listen import ListenStep
from runtime.nodes.set import SetStep
from runtime.nodes.switch import SwitchStep

ELSEWHERE = frozenset(["input", "output", "steps", "state"])
"""Roots whose unknown fields other checks report; fields of state fields are reported with the types."""
RUN = types.obj({name: Field(of("string")) for name in ("id", "workflow", "environment")})


@dataclass(frozen=True)
class Spot:
    """Where an expression stands: the list of steps, the step, and what is known there."""

    paths: ScopePaths | None
    position: int | None
    facts: Facts | None
    """None where no path leads, so that nothing is known to be wrong either."""

    @property
    def node(self) -> Node | None:
        """The step that holds the expression; None for the output of the workflow."""
        return self.paths.scope.nodes[self.position] if self.paths and self.position is not None else None


@dataclass(frozen=True)
class Typed:
    """One workflow with its types; they are computed when they are asked for."""

    workflow: Declared
    catalogue: Catalogue
    memo: dict[str, Type] = field(default_factory=dict[str, Type])

    # --- places -----------------------------------------------------------------------------------------------------

    def spot(self, loc: Loc) -> Spot:
        """Return where an expression stands."""
        found = paths(self.workflow)
        inner = max((at for at in found if loc[: len(at)] == at), key=len, default=None)
        if inner is None:
            return Spot(None, None, found["spec", "steps"].after)
        here = found[inner]
        position = cast("int", loc[len(inner)])
        return Spot(here, position, _facts(here, position, loc[len(inner) + 1 :]))

    def roots(self, spot: Spot, loc: Loc) -> Mapping[str, Type]:
        """Return the types of the names that an expression starts from."""
        scope = spot.paths.scope if spot.paths else scopes(self.workflow)[0]
        return {"input": self.input, "state": self.state, "steps": self.steps(scope), "item": self.item(scope.loc),
                "run": RUN, "output": self._output_root(spot.node, loc),
                "error": PROBLEM if about_a_problem(loc) else of("null")}  # fmt: skip

    def _output_root(self, node: Node | None, loc: Loc) -> Type:
        if node is None:
            return ANY
        rest = loc[len(node.loc) :]
        if isinstance(node.step, ListenStep) and rest[:1] == ("listen",):
            number = rest[2] if len(rest) > 3 else 0  # of `any` and `all`
            return payload_type(self, node.step.listen.heard[cast("int", number)].channel)
        return output_type(self, node) if rest[:1] == ("save",) else ANY

    # --- types ------------------------------------------------------------------------------------------------------

    def once(self, key: str, compute: Any, meanwhile: Type = ANY) -> Type:
        """Return a type that is computed once; `meanwhile` is what it counts as where it depends on itself."""
        if key not in self.memo:
            self.memo[key] = meanwhile
            self.memo[key] = compute()
        return self.memo[key]

    @property
    def input(self) -> Type:
        """The type of the input."""
        return self.once("input", lambda: input_type(self.catalogue, self.workflow))

    @property
    def state(self) -> Type:
        """The type of the state."""
        fields = Fields(self.workflow.spec.state, lambda name: Field(self.state_field(name)))
        return of("map", fields=fields, closed=True)

    def state_field(self, name: str) -> Type:
        """Return the type of a state field: of all values that are written to it, within what it is declared as."""
        one: Field_ = self.workflow.spec.state[name]
        return self.once(f"state.{name}", lambda: self._written(name, one), types.declared(one.type))

    def _written(self, name: str, one: Field_) -> Type:
        declared = types.declared(one.type)
        misspelt = any(loc[-1] not in self.workflow.spec.state for loc, _ in self.writes())
        if misspelt or one.reducer not in ("replace", "append"):
            return declared  # a write to a name that is not there was probably meant for one that is
        found = [types.constant(one.default)] if "default" in one.model_fields_set else []
        for loc, value in self.writes():
            if loc[-1] == name:
                written = self.value(value, loc)
                single = one.reducer == "append" and written.kinds.isdisjoint({"list"})
                found.append(of("list", items=written) if single else written)
        if not found:
            return declared
        return types.within(join(found), declared, longest=one.reducer == "replace")

    def writes(self) -> Iterator[tuple[Loc, Any]]:
        """Yield place and value of every write to the state."""
        for scope in scopes(self.workflow):
            for node in scope.nodes:
                for loc, name in writes(node):
                    saves = cast("Mapping[str, Any]", node.step.set if isinstance(node.step, SetStep) else {})
                    yield loc, (node.step.save if loc[-2] == "save" else saves)[name]

    def steps(self, scope: Scope) -> Type:
        """The type of `steps`: what is known of every step that can be seen from a list of steps."""
        known = {node.step.id: node for other in scopes(self.workflow) for node in other.nodes}
        return of("map", fields=Fields(sorted(scope.visible), lambda name: Field(step_type(self, known[name]))),
                  closed=True)  # fmt: skip

    def item(self, loc: Loc) -> Type:
        """The type of `item` in a list of steps: what the innermost forEach around it goes through."""
        around = [
            node
            for scope in scopes(self.workflow)
            for node in scope.nodes
            if isinstance(node.step, ForEachStep) and loc[: len(node.loc) + 1] == (*node.loc, "forEach")
        ]
        inner = max(around, key=lambda node: len(node.loc), default=None)
        return self.listed(inner).items or ANY if inner else of("null")

    def listed(self, node: Node) -> Type:
        """The type of the list that a forEach goes through."""
        loc = (*node.loc, "forEach", "in")
        step = cast("ForEachStep", node.step)
        return self.once(f"in.{loc}", lambda: self.expression(step.for_each.in_, loc))

    @property
    def output(self) -> Type:
        """The type of what a run answers with."""
        return self.once("output", lambda: self.value(self.workflow.spec.output, ("spec", "output")))

    def expression(self, source: str, loc: Loc) -> Type:
        """Return the type of a bare expression at a place."""
        node, spot = tree(source), self.spot(loc)
        return infer(source, node, self.roots(spot, loc), spot.facts or NONE)[0] if node else ANY

    def value(self, written: Any, loc: Loc) -> Type:
        """Return the type of a tree of values with `${ }`."""
        if isinstance(written, str):
            return self._text(written, loc)
        if isinstance(written, Mapping):
            entries = cast("Mapping[str, Any]", written)
            return types.obj({str(key): Field(self.value(part, (*loc, str(key)))) for key, part in entries.items()})
        if isinstance(written, list | tuple):
            items = [self.value(part, (*loc, index)) for index, part in enumerate(cast("list[Any]", written))]
            return of("list", items=join(items), max_items=len(items))
        return types.constant(written)

    def _text(self, written: str, loc: Loc) -> Type:
        try:
            parts = split(written)
        except UnclosedError:
            return ANY
        if len(parts) == 1 and isinstance(parts[0], Hole):
            return self.expression(parts[0].source, loc)
        return types.constant(written) if all(isinstance(part, str) for part in parts) else of("string")

    # --- findings ---------------------------------------------------------------------------------------------------

    def findings(self) -> Iterator[tuple[Expression, Finding]]:
        """Yield what is wrong with the types in every expression of the workflow."""
        for expression in expressions(self.workflow, self.catalogue.files):
            spot = self.spot(expression.loc)
            if expression.language == "prose" or spot.facts is None:
                continue
            roots = self.roots(spot, expression.loc)
            for source, offset in sources(expression):
                node = tree(source)
                if node:
                    condition = expression.loc[-1] == "when"
                    _, found = infer(source, node, roots, spot.facts, ELSEWHERE, condition=condition)
                    for one in found:
                        yield expression, replace(one, offset=one.offset + offset)


def sources(expression: Expression) -> list[tuple[str, int]]:
    """Return the CEL parts of an expression, with their offsets."""
    if expression.language == "cel":
        return [(expression.text, 0)]
    try:
        return [(part.source, part.offset) for part in split(expression.text) if isinstance(part, Hole)]
    except UnclosedError:
        return []


def _facts(here: ScopePaths, position: int, rest: Loc) -> Facts | None:
    before, step = here.before[position], here.scope.nodes[position].step
    if before is None or rest[:1] == ("when",):
        return before
    ready = before | ready_facts(step)
    if isinstance(step, SwitchStep) and rest[:1] == ("switch",):
        return ready | case_facts(step, cast("int", rest[1]))
    return ready


def typed(catalogue: Catalogue, workflow: Declared) -> Typed:
    """Return a workflow with its types."""
    # Environments share specs that no overlay touches, but not what those name.
    return workflow.once(f"typed {id(catalogue)}", lambda: Typed(workflow, catalogue))
