"""Decisions: which rules apply to a request, and whether one of them allows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from emulator.rules.closures import Compiler
from emulator.rules.coverage import Coverage
from emulator.rules.errors import EvaluationError, Issue
from emulator.rules.evaluation import Closure, Context, LimitExceededError, Reader, Step
from emulator.rules.explain import Explainer, Explanation, RuleOutcome, outcome_of
from emulator.rules.limits import EXPRESSIONS
from emulator.rules.matching import Pattern
from emulator.rules.nodes import Allow, Expression
from emulator.rules.render import show
from emulator.rules.requests import AccessBudget, Documents, NoDocuments, Query, Request, Segment
from emulator.rules.scopes import Scope
from emulator.rules.source import Source
from emulator.rules.symbolic import documents_of
from emulator.rules.values import UNKNOWN, UNKNOWN_VALUE, Path, Timestamp, from_plain

_NO_DOCUMENTS: Final = NoDocuments()
_WRITES: Final = frozenset({"create", "update", "delete"})


@dataclass(slots=True, eq=False)
class Rule:
    """An `allow` with the path it applies to. `cost`: the most expressions it can evaluate."""

    node: Allow
    pattern: Pattern
    cost: int
    plain: Closure | None  # None: without condition
    traced: Closure | None


Applied = tuple[Rule, list[Any]]
"""A rule and what its wildcards captured."""


class Decision:
    """Whether a request is allowed; the explanation is made when it is asked for, from what the decision read."""

    def __init__(self, *, allowed: bool, explain: Callable[[], Explanation]) -> None:
        self.allowed = allowed
        self._explain = explain

    @cached_property
    def explanation(self) -> Explanation:
        """Why."""
        return self._explain()

    def __bool__(self) -> bool:
        return self.allowed


class Ruleset:
    """Compiled rules. Holds no state of requests: `decide` may run in several threads at once."""

    def __init__(
        self,
        source: Source,
        rules: Mapping[str, list[Rule]],
        issues: list[Issue],
        expressions: list[Expression],
        roots: list[Expression],
    ) -> None:
        """`expressions` by their numbers and `roots`, those of them that are in no other: what coverage counts."""
        self._source = source
        self._rules = {
            (service, method): [rule for rule in found if method in rule.node.methods]
            for service, found in rules.items()
            for method in ("get", "list", "create", "update", "delete")
        }
        self.issues = tuple(issues)
        self._expressions = expressions
        self._roots = roots

    @property
    def source(self) -> str:
        """The text that was compiled."""
        return self._source.text

    def coverage(self) -> Coverage:
        """A new, empty count for `decide`."""
        return Coverage(self._source, self._expressions, self._roots)

    def decide(
        self,
        request: Request,
        documents: Documents = _NO_DOCUMENTS,
        *,
        budget: AccessBudget | None = None,
        coverage: Coverage | None = None,
    ) -> Decision:
        """Whether the rules allow the request.

        `budget`: shared by the decisions of one transaction, batch or multi-document read; every decision keeps to
        10 documents in any case. `coverage`: from `coverage()` of this ruleset; counts what is evaluated.
        Reads of `documents` happen within this call; what they raise passes through.
        """
        evaluation = Evaluation(self._source, request, Reader(documents, request.path, budget))
        rules = self._rules.get((request.service, request.method), [])
        allowed = evaluation.run(rules, coverage)
        return Decision(allowed=allowed, explain=lambda: evaluation.explain(rules))


@dataclass(slots=True)
class Case:
    """One sort of document that a request may touch: a query asks for several."""

    path: tuple[Segment, ...]
    resource: Any


class Evaluation:
    """One request against the rules of its service and method."""

    def __init__(self, source: Source, request: Request, reader: Reader) -> None:
        self._source = source
        self._request = request
        self._reader = reader
        self._auth = None if request.auth is None else from_plain(request.auth)
        lists_documents = request.method == "list" and request.service == "cloud.firestore"
        self._query = (request.query or Query()) if lists_documents else None

    def run(self, rules: list[Rule], coverage: Coverage | None) -> bool:
        """Whether for every case some rule is true."""
        try:
            return all(self._allows(rules, case, coverage) for case in self._cases())
        except (LimitExceededError, RecursionError):
            return False

    def _cases(self) -> Iterator[Case]:
        request = self._request
        if self._query is None:
            yield Case(request.path, request.resource if request.resource is None else _exact(request.resource))
            return
        for document in documents_of(self._query):
            name = document.children.pop("__name__", None)
            known = name.value() if name is not None else None
            path = known.known() if isinstance(known, Path) else request.path
            resource: dict[str, Any] = {"data": document, "id": UNKNOWN_VALUE, "__name__": UNKNOWN_VALUE}
            if isinstance(known, Path):
                resource |= {"id": path[-1], "__name__": known}
            yield Case(path, resource)

    def _applied(self, rules: list[Rule], path: tuple[Segment, ...]) -> list[Applied]:
        return [(rule, captured) for rule in rules for captured in rule.pattern.captures(path)]

    def _allows(self, rules: list[Rule], case: Case, coverage: Coverage | None) -> bool:
        applied = self._applied(rules, case.path)
        context = self._context(case)
        if coverage is not None or sum(rule.cost for rule, _ in applied) > EXPRESSIONS:
            return self._allows_traced(applied, context, coverage)
        for rule, captured in applied:
            if rule.plain is None:
                return True
            context.wildcards = captured
            try:
                if rule.plain(context) is True:
                    return True
            except EvaluationError:
                continue  # an error in one rule does not keep another from allowing
        return False

    def _allows_traced(self, applied: list[Applied], context: Context, coverage: Coverage | None) -> bool:
        context.trace = []
        try:
            return any(_traced_value(rule, captured, context) is True for rule, captured in applied)
        finally:
            if coverage is not None:
                coverage.record(context.trace)

    def _context(self, case: Case) -> Context:
        request = self._request
        known_path = all(isinstance(segment, str) for segment in case.path)
        members: dict[str, Any] = {
            "auth": self._auth,
            "method": request.method,
            "path": Path(case.path) if known_path else UNKNOWN_VALUE,  # type: ignore[arg-type]  # all text
            "time": Timestamp.from_datetime(request.time),
        }
        if request.method in _WRITES:
            members["resource"] = None if request.request_resource is None else _exact(request.request_resource)
        query = self._query or request.query
        if query is not None:
            members["query"] = {"limit": query.limit, "offset": query.offset, "orderBy": dict(query.order_by)}
        if request.extra:
            members.update(request.extra)
        symbolic = self._query is not None or not known_path
        return Context(members, case.resource, self._reader, symbolic=symbolic)

    # --- explaining

    def explain(self, rules: list[Rule]) -> Explanation:
        """Evaluate once more, recording, up to the case that is denied; documents are not read again."""
        outcomes: list[RuleOutcome] = []
        notes: list[str] = []
        debugged: list[Any] = []
        allowed = True
        try:
            for case in self._cases():
                context = self._context(case)
                context.trace = []
                debugged = context.debugged
                outcomes = []
                allowed = False
                for rule, captured in self._applied(rules, case.path):
                    value = _traced_value(rule, captured, context)
                    outcomes.append(self._outcome(rule, value, context.trace[-1:]))
                    allowed = value is True
                    if allowed:
                        break  # as the decision did: nothing more was read
                if not allowed:
                    break
        except LimitExceededError as error:
            allowed = False
            notes.append(str(error))
        except RecursionError:
            allowed = False
            notes.append("The rules call too deeply.")
        request = self._request
        path = "/" + "/".join("*" if segment is UNKNOWN else str(segment) for segment in request.path)
        shown = tuple(show(value, token=self._token()) for value in debugged)
        return Explanation(allowed, request.service, request.method, path, tuple(outcomes), tuple(notes), shown)

    def _token(self) -> object:
        return None if self._auth is None else self._auth.get("token")

    def _outcome(self, rule: Rule, value: Any, steps: list[Step]) -> RuleOutcome:
        line, column = self._source.position(rule.node.start)
        outcome = outcome_of(value)
        reasons = Explainer(self._source, self._token()).reasons(steps[0]) if rule.traced is not None else ()
        return RuleOutcome(line, column, self._request.method, "error" if outcome == "other" else outcome, reasons)


def _exact(value: Mapping[str, Any]) -> dict[str, Any]:
    return value if type(value) is dict else dict(value)


def _traced_value(rule: Rule, captured: list[Any], context: Context) -> Any:
    """What a rule comes to: its value, or the EvaluationError."""
    if rule.traced is None:
        return True
    context.wildcards = captured
    try:
        return rule.traced(context)
    except EvaluationError as error:
        return error


def compile_rule(node: Allow, pattern: Pattern, scope: Scope, cost: int, compilers: tuple[Compiler, Compiler]) -> Rule:
    """A rule with its two closures: plain and traced."""
    if node.condition is None:
        return Rule(node, pattern, 0, None, None)
    plain, traced = (compiler.compile(node.condition, scope, {}) for compiler in compilers)
    return Rule(node, pattern, cost, plain, traced)
