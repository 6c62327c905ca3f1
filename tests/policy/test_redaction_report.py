"""What redaction finds is measured, on documents that a seed makes."""

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import redaction_finders, redaction_rules
from policy.errors import PolicyError
from policy.redaction import Redactor
from policy.redaction_corpus import corpus
from policy.redaction_report import measure

SEEDS = (1, 2, 3)


@pytest.mark.parametrize("seed", SEEDS)
def test_nearly_all_is_found_and_nearly_nothing_in_vain(seed: int) -> None:
    report = measure(Redactor.default(), corpus(seed, 800))
    assert report.recall.of == 400
    assert report.recall.value >= 0.99, report.missed[:3]
    assert report.precision.value >= 0.99, report.false_alarms[:3]


def test_the_quick_ways_find_what_the_slow_ones_find() -> None:
    """Rules that look for their needles only, and short words that are not looked at at all."""
    documents = [
        text for one in corpus(9, 600) for text in (one.text, one.text.upper(), one.text.replace(" ", "\u0130 "))
    ]
    for rule in redaction_rules.SECRETS:
        if rule.anchored:
            slow = replace(rule, anchored=False)
            for text in documents:
                if any(needle in text.lower() for needle in rule.needles):
                    found = list(rule.find(text, text.lower(), True))
                    assert found == list(slow.find(text, text.lower(), True))


@given(st.from_regex(r"[A-Za-z_]{0,15}", fullmatch=True))
def test_no_rule_that_ships_wants_a_short_word(word: str) -> None:
    redactor = Redactor([*redaction_rules.SECRETS, NEVER], redaction_finders.FINDERS)
    assert redactor.scan(word, complete=True).claims == ()


NEVER = redaction_rules.PatternRule(label="never", pattern=re.compile("x\\by"), needles=("xy",))
"""a rule of somebody's own; with one, short words are looked at"""


def test_a_corpus_is_the_same_for_the_same_seed() -> None:
    assert list(corpus(5, 50)) == list(corpus(5, 50)) != list(corpus(6, 50))


def test_the_report_sees_a_rule_that_is_gone() -> None:
    """Without the rule, its kind is missed: the measure can fail."""
    without = [rule for rule in redaction_rules.SECRETS if rule.label != "github-token"]
    report = measure(Redactor(without, redaction_finders.FINDERS), corpus(1, 800))
    assert report.by_kind["github token"].value < 0.5
    assert {document.kind for document in report.missed} == {"github token"}


def test_the_report_sees_a_rule_that_masks_too_much() -> None:
    greedy = redaction_rules.PatternRule(label="all", pattern=re.compile(r"\d+"), needles=("",))
    report = measure(Redactor((*redaction_rules.SECRETS, greedy), redaction_finders.FINDERS), corpus(1, 400))
    assert report.precision.value < 0.9
    assert report.false_alarms


RULES = """
title = "ours"
[[rules]]
id = "acme-key"
description = "our own keys"
regex = '''acme_([[:alnum:]]{12})\\b'''
secretGroup = 1
keywords = ["acme_"]
entropy = 2.5
[rules.allowlist]
stopwords = ["example"]
[[rules]]
id = "paths-only"
path = '''\\.pem$'''
"""


def test_rules_of_gitleaks_are_masked_too(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(RULES)
    redactor = Redactor.load(file)
    assert redactor.text("use acme_9fK2mQ7xVb1z now").text == "use acme_[redacted:acme-key] now"
    assert redactor.text("use acme_exampleexam now").text == "use acme_exampleexam now"
    assert redactor.text("use acme_aaaaaaaaaaaa now").text == "use acme_aaaaaaaaaaaa now", "no entropy"
    assert redactor.text("password=hunter2").text == "password=[redacted:password]", "what ships goes on"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules = 3", "rules"),
        ("[[rules", "is not TOML"),
        ("[[rules]]\nid='x'\nregex='(a'", "rule 'x': Python cannot read its regex"),
        ("[[rules]]\nid='x'\nregex='a'\nsecretGroup=2", "secretGroup is 2, but its regex has 0 groups"),
        ("[[rules]]\nid='x'\nregex='(a+)+$'", "bound its repetitions"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(text)
    with pytest.raises(PolicyError, match=r"rules\.toml") as raised:
        Redactor.load(file)
    assert says in str(raised.value)


def test_a_slow_rule_is_refused_soon(tmp_path: Path) -> None:
    """The check itself must not hang on what it looks for."""
    file = tmp_path / "rules.toml"
    file.write_text("[[rules]]\nid='x'\nregex='(a|a)*b'")
    began = time.monotonic()
    with pytest.raises(PolicyError):
        Redactor.load(file)
    assert time.monotonic() - began < 60
