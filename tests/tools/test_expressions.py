"""CEL expressions as playbooks use them."""

import logging

import pytest

from tools.expressions import Expression, ExpressionError, JsonValue, MissingField

SCOPE: dict[str, JsonValue] = {
    "out": {"rate": 0.073, "orders": 1900, "flags": ["a", "b"], "owner": None},
    "env": "prod",
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("out.rate > 0.05 && env == 'prod'", True),
        ("out.orders >= 1900.0", True),
        ("out.flags.map(f, f + '!')", ["a!", "b!"]),
        ("{'flag': out.flags[0], 'on': false}", {"flag": "a", "on": False}),
        ("has(out.refunds) ? out.refunds : 0", 0),
        ("out.owner == null", True),
        ("double(out.orders) / 2.0", 950.0),
        ("code(env)", "`prod`"),
        ("code('a`b')", "`a'b`"),
        ("code(out.owner)", "`none`"),
        ("pct(out.rate)", "7.3 %"),
        ("pct(1)", "100 %"),
        ("num(out.orders)", "1,900"),
        ("num(1234.5)", "1,234.5"),
        ("num(-0.001)", "0"),
        ("join(out.flags, ', ')", "a, b"),
        ("'error rate ' + pct(out.rate) + ' on ' + code(env)", "error rate 7.3 % on `prod`"),
    ],
)
def test_an_expression_comes_to_its_value(source: str, value: JsonValue) -> None:
    result = Expression.parse(source).value(SCOPE)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("source", "field"),
    [("nobody == 1", "nobody"), ("out.refunds > 1", "refunds"), ("out['refunds']", "refunds"), ("shout(env)", "shout")],
)
def test_a_missing_field_is_named(source: str, field: str) -> None:
    with pytest.raises(MissingField, match=f"no '{field}' here") as caught:
        Expression.parse(source).value(SCOPE)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("1 +", "cannot read expression '1 +' at column 4: mismatched input '<EOF>'"),
        ("env bar", "cannot read expression 'env bar' at column 5: extraneous input 'bar'"),
        ("env\n == \n ==", "at line 3, column 2"),
        ("", "cannot read expression '' at column 1"),
        ("(" * 500, "at column"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(source: str, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        Expression.parse(source)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("out.orders + 1.5", "operation is not defined"),
        ("env + 1", "string + int"),
        ("out.flags[7]", "index out of bounds: 7"),
        ("1 / 0", "division by zero"),
        ("pct(env)", "pct(): needs a number, not 'prod'"),
        ("join(env, ',')", "join(): join needs a list, not 'prod'"),
        ("1.0 / 0.0", "no JSON"),
        ("{1: 2}", "no JSON"),
        ("timestamp('2024-01-01T00:00:00Z')", "no JSON"),
    ],
)
def test_what_has_no_value_says_why_and_where(source: str, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        Expression.parse(source).value(SCOPE)
    assert words in str(caught.value)
    assert "in " in str(caught.value) or source in str(caught.value)


def test_only_true_and_false_are_a_condition() -> None:
    assert Expression.parse("env == 'prod'").truth(SCOPE) is True
    assert Expression.parse("env == 'dev'").truth(SCOPE) is False
    for nearly in ("out.orders", "env", "out.owner", "out.flags"):
        with pytest.raises(ExpressionError, match="must be true or false"):
            Expression.parse(nearly).truth(SCOPE)


def test_a_source_may_have_four_thousand_characters_and_no_more() -> None:
    assert Expression.parse("1" + " " * 3_999).value({}) == 1
    with pytest.raises(ExpressionError, match="4,001 characters, at most 4,000"):
        Expression.parse("1" + " " * 4_000)


@pytest.mark.parametrize(
    ("source", "fits"),
    [
        ("a.map(x, a.map(y, x + y))", True),
        ("a.map(x, x).map(y, y).map(z, z)", True),
        ("'.map(.map(.map(' == 'x'", True),
        ("a.map(x, a.map(y, a.map(z, z)))", False),
        ("a.all(x, a . exists ( y, [a.filter(z, true)] == []))", False),
        ("a.map(x, 'it\\'s (' == '' ? a.map(y, a.map(z, z)) : [])", False),
    ],
)
def test_loops_nest_two_deep_at_most(source: str, fits: bool) -> None:
    if fits:
        assert Expression.parse(source).source == source
    else:
        with pytest.raises(ExpressionError, match="loops nested 3 deep"):
            Expression.parse(source)


def test_a_list_too_long_for_its_loops_is_refused_before_it_runs() -> None:
    twice = Expression.parse("a.map(x, a.map(y, x + y)).size()")
    assert twice.value({"a": list(range(100))}) == 100
    with pytest.raises(ExpressionError, match="a list of 101 entries, at most 100"):
        twice.value({"a": list(range(101))})
    assert Expression.parse("a.size()").value({"a": list(range(101))}) == 101


def test_values_do_not_leak_into_logs(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(ExpressionError):
        Expression.parse("pct(secret)").value({"secret": "hunter2"})
    assert "hunter2" not in caplog.text
