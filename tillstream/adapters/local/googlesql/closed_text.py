"""A check of the text that DuckDB runs for a person, independent of how it was made.

Outside of quotation marks it has words and signs of a list only, and it reads tables that are named in advance. So it
holds also where the parser or the generator of the statement has an error.
"""

import re
from collections.abc import Collection

import sqlglot
from sqlglot import exp

from tillstream.model.errors import Rejected

NOT_SAFE = "This statement has a form that cannot be run safely. Write it in another way."
_TOKEN = re.compile(
    r"""[ ] | "[^"\\`\x00-\x1f\x7f]+"(?![ ]*\() | '(?:[^'\x00]|'')*' | \d+(?:\.\d*)?(?:[eE][+-]?\d+)?(?!\w)
    | (?P<parameter>[$]scope_\w+) | (?P<word>[A-Za-z_]\w*) | <> | <= | >= | // | [|][|] | -(?!-) | /(?![*/])
    | [<>()\[\]{}*+%=,.:]""",
    re.VERBOSE | re.ASCII,
)
_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    ALL AND ANY AS ASC AT BETWEEN BY CASE CAST CROSS CUBE CURRENT DESC DISTINCT ELSE END ESCAPE EXCEPT EXCLUDE
    EXISTS EXTRACT FALSE FIRST FOLLOWING FROM FULL GROUP GROUPING HAVING IGNORE ILIKE IN INNER INTERSECT
    INTERVAL IS JOIN LAMBDA LAST LEFT LIKE LIMIT NAME NATURAL NOT NULL NULLS OFFSET ON OR ORDER ORDINALITY OUTER
    OVER PARTITION PRECEDING QUALIFY RANGE REPLACE RESPECT RIGHT ROLLUP ROW ROWS SELECT SETS THEN TRUE TRY_CAST
    UNBOUNDED UNION UNNEST USING WHEN WHERE WINDOW WITH ZONE

    BIGINT BLOB BOOLEAN DATE DECIMAL DOUBLE HUGEINT INT TEXT TIME TIMESTAMP TIMESTAMPTZ VARCHAR

    DAY DAYOFWEEK DAYOFYEAR HOUR ISODOW ISOYEAR MICROSECOND MILLISECOND MINUTE MONTH QUARTER SECOND WEEK YEAR

    ABS ANY_VALUE APPROX_COUNT_DISTINCT ARG_MAX ARG_MIN ARRAY ARRAY_EXTRACT AVG BOOL_AND BOOL_OR CEIL COALESCE CORR
    COUNT CUME_DIST CURRENT_DATE CURRENT_TIMESTAMP DATE_DIFF DATE_TRUNC DENSE_RANK ENDS_WITH EXP FIRST_VALUE
    FLOOR GENERATE_SERIES GREATEST LAG LAST_DAY LAST_VALUE LEAD LEAST LENGTH LISTAGG LIST_TRANSFORM LN LOG LOWER
    LPAD LTRIM MAKE_DATE MAX MIN NTH_VALUE NTILE NULLIF OCTET_LENGTH PERCENT_RANK POWER QUANTILE_CONT
    QUANTILE_DISC RANK REGEXP_EXTRACT REGEXP_EXTRACT_ALL REGEXP_FULL_MATCH REGEXP_MATCHES REGEXP_REPLACE REVERSE
    ROUND ROW_NUMBER RPAD RTRIM SIGN SQRT STARTS_WITH STDDEV STDDEV_POP STDDEV_SAMP STRFTIME STRPOS SUBSTRING
    SUM TRIM TRUNC TYPEOF UPPER VARIANCE VAR_POP
    """,
    )
)
_OF_THE_TRANSLATION = re.compile(r"_t\d+|v", re.ASCII)
"""Names that the translation gives."""
_OF_THE_SESSION = re.compile(
    "(current|session|local)_?(catalog|date|role|schema|time|timestamp|user)|user", re.IGNORECASE
)
"""Names that DuckDB reads as functions if no column has them, also in quotation marks."""
_RELATIONS = (exp.Table, exp.Subquery, exp.Unnest)


def check(text: str, tables: Collection[str]) -> None:
    """Raise `Rejected` unless a query of DuckDB has words of the list only, and reads these tables only."""
    _check_words(text)
    try:
        (tree,) = sqlglot.parse(text, read="duckdb")
    except (sqlglot.errors.SqlglotError, ValueError) as error:
        raise Rejected(NOT_SAFE) from error
    if not isinstance(tree, exp.Query) or not all(_is_listed(node, tables) for node in tree.walk()):
        raise Rejected(NOT_SAFE)


def _check_words(text: str) -> None:
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        word = match["word"] if match else None
        if match is None or (word and word.upper() not in _WORDS and not _OF_THE_TRANSLATION.fullmatch(word)):
            raise Rejected(NOT_SAFE)
        place = match.end()


def _is_listed(node: exp.Expr, tables: Collection[str]) -> bool:
    """Whether what a clause reads is a known table, or no table."""
    if isinstance(node, exp.From | exp.Join) and not isinstance(node.this, _RELATIONS):
        return False
    if isinstance(node, exp.Table):
        is_plain = isinstance(node.this, exp.Identifier) and not (node.args.get("db") or node.args.get("catalog"))
        return is_plain and node.name in tables
    if isinstance(node, exp.Column) and not node.table and _OF_THE_SESSION.fullmatch(node.name):
        return False
    if isinstance(node, exp.In) and node.args.get("field"):
        return False  # x IN name, where DuckDB also takes a table
    return not isinstance(node, exp.Command | exp.Into | exp.DML | exp.DDL)
