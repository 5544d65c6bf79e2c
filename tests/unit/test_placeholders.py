"""`$name` in a database's SQL: found where it is a parameter, left alone where it is text."""

from __future__ import annotations

import pytest

from pressroom.errors import DefinitionError
from pressroom.sources.placeholders import bind, statement


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("$a", "<a>"),
        ("x=$a+$a", "x=<a>+<a>"),
        ("'$a' $a 'it''s $a'", "'$a' <a> 'it''s $a'"),
        ('"$a" $a', '"$a" <a>'),
        ("`$a` $a", "`$a` <a>"),
        ("1 -- $a\n$a", "1 -- $a\n<a>"),
        ("/* $a\n$a */ $a", "/* $a\n$a */ <a>"),
        ("$$ $a $$ $a", "$$ $a $$ <a>"),
        ("$q$ $a $$ $q$ $a", "$q$ $a $$ $q$ <a>"),
        (r"E'\' $a' $a", r"E'\' $a' <a>"),
        ("date '2024-01-01' $a", "date '2024-01-01' <a>"),
        ("col$a $a", "col$a <a>"),
        ("cost::$a", "cost::<a>"),
        ("$1", "$1"),
        ("'open $a", "'open <a>"),
    ],
)
def test_only_parameters_are_replaced(sql: str, expected: str) -> None:
    assert bind(sql, {"a": 1}, lambda name: f"<{name}>", key="k") == expected


def test_one_that_is_not_declared_is_named_with_its_line() -> None:
    with pytest.raises(DefinitionError) as caught:
        bind("SELECT\n\n$b", {"a": 1}, str, key="data.sources.x.sql")
    assert str(caught.value) == "report.yaml: data.sources.x.sql line 3: $b is no parameter of the report"
    assert caught.value.hint == "declared: a"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1", "SELECT 1"),
        ("SELECT 1 -- note", "SELECT 1 -- note"),
        ("SELECT 1;", "SELECT 1"),
        ("SELECT 1; -- note", "SELECT 1"),
        ("SELECT 1 ;\n-- a;\n/* b; */ ; \n", "SELECT 1 "),
        ("SELECT ';' -- it's ; here", "SELECT ';' -- it's ; here"),
        ("SELECT $$;$$; --", "SELECT $$;$$"),
        ('SELECT 1 AS ";" /* ; */', 'SELECT 1 AS ";" /* ; */'),
        ("SELECT 1; SELECT 2", "SELECT 1; SELECT 2"),
        ("SELECT 1; -- note\nSELECT 2;", "SELECT 1; -- note\nSELECT 2"),
        ("SELECT 1; 'x'", "SELECT 1; 'x'"),
    ],
)
def test_a_statement_stands_in_brackets_without_its_semicolon(sql: str, expected: str) -> None:
    assert statement(sql) == expected + "\n"
