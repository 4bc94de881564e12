"""Google's parser accepts the scripts of BigQuery ML, also the statements that they assemble; no emulator runs them."""

import re

import pytest
from googlesql import Judge
from zetasql.api import Parser

import sql

SCRIPTS = ("history", "train", "replace", "accuracy")
VALUES = ("tillstream_ml.arima_plus_UK", '["GB", "IE"]', '"UK"', 'DATE "2024-03-03"')
"""Values for the placeholders of an assembled statement, as FORMAT writes them."""


def script(name: str) -> str:
    return sql.text(f"bigquery_ml/{name}.bigquery")


def parse(judge: Judge, text: str) -> str:
    """The syntax tree of a script as text. Raises zetasql's error for other text."""
    return repr(Parser.parse_script_static(text, judge.statements))


@pytest.mark.parametrize("name", SCRIPTS)
def test_googlesql_takes_the_script(judge: Judge, name: str) -> None:
    assert parse(judge, script(name))


def test_googlesql_takes_the_statements_that_training_assembles(judge: Judge) -> None:
    model, holidays, region, day = VALUES
    texts = re.findall(r'FORMAT\("""\n(.*?)"""', script("train"), re.DOTALL)
    train, keep = texts
    for text, values in ((train, (model, holidays, region, day)), (keep, (day, model))):
        assert len(re.findall(r"%[sT]", text)) == len(values)
        complete = re.sub(r"%[sT]", "{}", text).format(*values)
        assert parse(judge, complete)
        with pytest.raises(Exception, match="Syntax error"):
            parse(judge, complete.replace("FROM", "FRUM"))
