"""Every mistake in a policy file is refused at load, naming the file, the line, the rule and what to do."""

import subprocess
from pathlib import Path

import pytest

from policy import trial
from policy.cedar import PolicyEngine
from policy.errors import PolicyError
from policy.lexer import MAX_FILE_BYTES, MAX_NESTING, SourceRule, split
from policy.types import ActionSpec, Tier
from tests.policy.builders import GROUPS, TOOLS
from tests.policy.conftest import WriteRules

FORBID = 'forbid (principal, action in Action::"WRITE", resource);'
GOOD = '// a comment with a ; and a "\n@id("grant-read")\npermit (principal, action in Action::"READ", resource);\n'
GOOD_CASES = "cases: [{case: look, call: {}, expect: allow, rules: [grant-read]}]"

MISTAKES = [
    ("syntax error", '@id("x") permit (principal, action, resource) when { 1 + };', "", "does not parse"),
    ("no id", "permit (principal, action, resource);", "", "no usable @id"),
    ("odd id", '@id("builtin:x") permit (principal, action, resource);', "builtin:x", "no usable @id"),
    ("duplicate id", '@id("grant-read") permit (principal, action, resource);', "grant-read", "already used at"),
    ("unknown annotation", f'@id("x") @aprovals("1") {FORBID}', "x", "unknown annotation @aprovals"),
    ("unknown group in a condition", f'@id("x") {FORBID[:-1]} when {{ principal in Group::"ops" }};', "x", "'ops'"),
    ("unknown group in @from", f'@id("x") @approvals("1") @from("srs") {FORBID}', "x", "did you mean 'sre'?"),
    ("only @approvals", f'@id("x") @approvals("1") {FORBID}', "x", "only one of @approvals and @from"),
    ("only @expires", f'@id("x") @expires("4h") {FORBID}', "x", "only one of @approvals and @from"),
    ("count of zero", f'@id("x") @approvals("0") @from("sre") {FORBID}', "x", "is not a count"),
    ("count in words", f'@id("x") @approvals("two") @from("sre") {FORBID}', "x", "is not a count"),
    ("count too high", f'@id("x") @approvals("21") @from("sre") {FORBID}', "x", "is not a count"),
    ("odd expiry", f'@id("x") @approvals("1") @from("sre") @expires("soon") {FORBID}', "x", "not a span of time"),
    ("long expiry", f'@id("x") @approvals("1") @from("sre") @expires("31d") {FORBID}', "x", "not a span of time"),
    ("odd self", f'@id("x") @approvals("1") @from("sre") @self("yes") {FORBID}', "x", "is not known"),
    ("odd step-up", f'@id("x") @approvals("1") @from("sre") @step_up("yes") {FORBID}', "x", "is not known"),
    ("only @step_up", f'@id("x") @step_up("required") {FORBID}', "x", "only one of @approvals and @from"),
    (
        "permit that asks",
        '@id("x") @approvals("1") @from("sre") permit (principal, action, resource);',
        "x",
        "a permit",
    ),
    (
        "asks about anything",
        '@id("x") @approvals("1") @from("sre") forbid (principal, action, resource);',
        "x",
        "votes included",
    ),
    (
        "unknown tool",
        '@id("x") forbid (principal, action == Action::"k8s.scal", resource);',
        "x",
        "did you mean 'k8s.scale'?",
    ),
    (
        "unknown parameter",
        '@id("x") forbid (principal, action == Action::"k8s.scale", resource) when { context.params.replcas > 1 };',
        "x",
        "does not fit the schema",
    ),
    (
        "wrong type",
        '@id("x") forbid (principal, action == Action::"k8s.scale", resource) when { context.params.replicas > "1" };',
        "x",
        "does not fit the schema",
    ),
    (
        "optional parameter unasked",
        '@id("x") forbid (principal, action == Action::"k8s.scale", resource) when { context.params.wait };',
        "x",
        "does not fit the schema",
    ),
    ("template", '@id("x") permit (principal == ?principal, action, resource);', "x", "template"),
    ("unknown environment", f'@id("x") {FORBID[:-1]} when {{ resource.env == Environment::"prd" }};', "x", "schema"),
    ("never fires", f'@id("x") {FORBID}', "x", "fires in no decision case"),
]


@pytest.mark.parametrize(("mistake", "rule", "named", "said"), MISTAKES, ids=[one[0] for one in MISTAKES])
def test_a_mistake_is_refused_with_its_place(
    rules_of: WriteRules, mistake: str, rule: str, named: str, said: str
) -> None:
    """The wrong rule stands on line 4, behind a good one."""
    folder = rules_of(GOOD + rule, GOOD_CASES)
    with pytest.raises(PolicyError) as refused:
        PolicyEngine.load(folder, TOOLS, GROUPS)
    assert (refused.value.file, refused.value.line) == (str(folder / "some.cedar"), 4)
    assert refused.value.rule == named
    assert said in str(refused.value)
    assert refused.value.todo


TEXT_MISTAKES = [
    ("unclosed string", '@id("x)\npermit (principal, action, resource);', 1, "not closed"),
    ("unclosed bracket", '@id("x")\npermit (principal, action, resource;', 2, "never closed"),
    ("stray bracket", '@id("x")\npermit principal);', 2, "closes nothing"),
    ("no semicolon", '\n@id("x") permit (principal, action, resource)', 2, "does not end"),
    ("too deep", '\n@id("x") permit (principal, action, resource) when {' + "(" * MAX_NESTING + "};", 2, "nested"),
    ("crash deep", "(" * 5000, 1, "nested"),
    ("too large", "//" + "x" * MAX_FILE_BYTES, 0, "larger than"),
    ("hidden text", '@id("x")\npermit (principal, action, resource); // \u202e', 2, "U+202E"),
]


@pytest.mark.parametrize(("mistake", "text", "line", "said"), TEXT_MISTAKES, ids=[one[0] for one in TEXT_MISTAKES])
def test_text_that_cannot_be_cut_into_rules_is_refused(mistake: str, text: str, line: int, said: str) -> None:
    """Before any of it reaches the parser."""
    with pytest.raises(PolicyError, match=said.replace("+", r"\+")) as refused:
        split(text, Path("some.cedar"))
    assert refused.value.line == line


def test_a_rule_is_cut_at_its_own_semicolon() -> None:
    """Not at one inside a string, a comment or a record."""
    text = '@id("a;b") // ; "\nforbid (principal, action, resource) when { "};" == "\\";" };\n\n@id("c") permit x;'
    assert [(rule.line, rule.text[:9]) for rule in split(text, Path("f"))] == [(1, '@id("a;b"'), (4, '@id("c") ')]


CASE_MISTAKES = [
    ("wrong answer", "cases: [{case: look, call: {}, expect: deny}]", "case 'look' expects deny"),
    ("wrong rule", "cases: [{case: look, call: {}, expect: allow, rules: [other]}]", "expects allow by other"),
    (
        "unknown fact",
        "cases: [{case: look, call: {colour: red}, expect: allow}]",
        "yaml:1: .*colour: no such",
    ),
    ("unknown tool", "cases: [{case: look, call: {tool: nope}, expect: allow}]", "unknown tool 'nope'"),
    ("not yaml", "cases: [", "cases.yaml:1: is no YAML"),
    ("empty", "cases: []", "cases.yaml:1: cases: "),
]


@pytest.mark.parametrize(("mistake", "cases", "said"), CASE_MISTAKES, ids=[one[0] for one in CASE_MISTAKES])
def test_a_case_that_does_not_hold_stops_the_load(rules_of: WriteRules, mistake: str, cases: str, said: str) -> None:
    """A policy that decides other than its table says is not used."""
    with pytest.raises(PolicyError, match=said):
        PolicyEngine.load(rules_of(GOOD, cases), TOOLS, GROUPS)


def test_rules_without_cases_are_refused(rules_of: WriteRules) -> None:
    """Cedar lets conditions pass that can never hold."""
    folder = rules_of(GOOD)
    (folder / "cases.yaml").unlink()
    with pytest.raises(PolicyError, match="no decision cases"):
        PolicyEngine.load(folder, TOOLS, GROUPS)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """No rules would mean: deny everything, for no visible reason."""
    with pytest.raises(PolicyError, match="no rules"):
        PolicyEngine.load(tmp_path, TOOLS, GROUPS)


def test_duplicate_ids_are_found_across_files(rules_of: WriteRules) -> None:
    """Rule names are shown to people, so one name means one rule."""
    rules_of(GOOD, GOOD_CASES, name="a.cedar")
    with pytest.raises(PolicyError, match=r"b\.cedar:2: rule 'grant-read': @id is already used at .*a\.cedar:2"):
        PolicyEngine.load(rules_of(GOOD, GOOD_CASES, name="b.cedar"), TOOLS, GROUPS)


@pytest.mark.parametrize(
    "spec",
    [
        ActionSpec(name='x"] appliesTo', tier=Tier.READ, target_kind="service"),
        ActionSpec(name="WRITE", tier=Tier.READ, target_kind="service"),
        ActionSpec(name="k8s.scale", tier=Tier.READ, target_kind="service"),
        ActionSpec(name="ok", tier=Tier.READ, target_kind="service", params={"a": "Float"}),
        ActionSpec(name="ok", tier=Tier.READ, target_kind="service", params={'a": Long, "b': "Long"}),
        ActionSpec(name="ok", tier=Tier.READ, target_kind="service", optional=frozenset({"a"})),
    ],
)
def test_a_tool_that_cannot_be_described_is_refused(rules_of: WriteRules, spec: ActionSpec) -> None:
    """Names are written into schema text, so what could end a string never gets there."""
    with pytest.raises(PolicyError, match="tool registry"):
        PolicyEngine.load(rules_of(GOOD, GOOD_CASES), (*TOOLS, spec), GROUPS)


def test_a_rule_that_crashes_the_parser_is_named_and_this_process_lives() -> None:
    """Past the lexer's limit on purpose: the child process is the second fence."""
    fine = SourceRule(file=Path("f.cedar"), line=1, text='@id("a") permit (principal, action, resource);')
    deep = f'@id("b") permit (principal, action, resource) when {{ {"(" * 20000}true{")" * 20000} }};'
    with pytest.raises(PolicyError, match=r"f\.cedar:7: the parser crashed"):
        trial.survive([fine, SourceRule(file=Path("f.cedar"), line=7, text=deep)], cache_dir=None)


def test_rules_that_parsed_once_are_not_tried_again(
    rules_of: WriteRules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Start-up stays fast, and changed text is tried anew."""
    folder, cache = rules_of(GOOD, GOOD_CASES), tmp_path / "cache"
    PolicyEngine.load(folder, TOOLS, GROUPS, cache_dir=cache)

    def no_child(*_: object, **__: object) -> None:
        raise AssertionError("a child was started")

    monkeypatch.setattr(subprocess, "run", no_child)
    PolicyEngine.load(folder, TOOLS, GROUPS, cache_dir=cache)
    (folder / "some.cedar").write_text(GOOD.replace("grant-read", "grant-looks"))
    with pytest.raises(AssertionError, match="a child was started"):
        PolicyEngine.load(folder, TOOLS, GROUPS, cache_dir=cache)
