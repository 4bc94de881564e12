"""Quotes well formed span lines; quotes that are not cost one line and never the rows after it."""

import pytest
from delimited_text import read_all


def test_quoted_line_ends_keep_the_lines_of_all_later_rows() -> None:
    result = read_all('a,b\n1,"x\ny"\n2,"p\r\nq\n\nr"\n3,z\n')
    assert result.rows == [("1", "x\ny"), ("2", "p\r\nq\n\nr"), ("3", "z")]
    assert result.row_numbers == [1, 2, 3]
    assert result.line_numbers == [2, 4, 8]
    assert result.raw == ['1,"x\ny"', '2,"p\r\nq\n\nr"', "3,z"]


def test_doubled_quotes_are_one_quote() -> None:
    assert read_all('a,b\n"say ""hi""",""""\n').rows == [('say "hi"', '"')]


def test_a_quote_inside_a_cell_is_a_letter() -> None:
    result = read_all('a,b\n5" disk,3\n"x",6" nail\nx"y"z, "no"\n""\n')
    assert result.rows == [('5" disk', "3"), ("x", '6" nail'), ('x"y"z', ' "no"')]
    assert result.blank == 1


@pytest.mark.parametrize("line", [1, 2, 50, 99, 100])
def test_an_unclosed_quote_costs_its_own_line_only(line: int) -> None:
    lines = [f"{n},name {n}" for n in range(1, 101)]
    lines[line - 1] = f'{line},"name {line}'
    result = read_all("a,b\n" + "\n".join(lines) + "\n")
    assert result.why == [(line + 1, "unclosed-quote", f'{line},"name {line}')]
    assert result.refused[0].row_number == line
    assert result.rows == [(str(n), f"name {n}") for n in range(1, 101) if n != line]
    assert result.line_numbers == [n + 1 for n in range(1, 101) if n != line]


def test_rows_with_good_quotes_survive_an_unclosed_one_before_them() -> None:
    result = read_all('a,b,c\n1,"open,x\n2,"good",y\n3,"two\nlines",z\n')
    assert result.why == [(2, "unclosed-quote", '1,"open,x')]
    assert result.rows == [("2", "good", "y"), ("3", "two\nlines", "z")]


def test_each_of_several_unclosed_quotes_is_reported_at_its_own_line() -> None:
    result = read_all('a,b\n1,"x\n2,ok\n3,"y\n4,ok\n')
    assert result.why == [(2, "unclosed-quote", '1,"x'), (4, "unclosed-quote", '3,"y')]
    assert result.rows == [("2", "ok"), ("4", "ok")]


def test_letters_after_a_closing_quote_are_not_glued_to_it() -> None:
    result = read_all('a,b\n"x"y,1\n2,3\n')
    assert result.why == [(2, "unclosed-quote", '"x"y,1')]
    assert result.rows == [("2", "3")]


def test_a_quote_closed_by_chance_into_too_many_cells_is_unclosed() -> None:
    result = read_all('a,b,c\n1,"x,2\n3,y",4,5\n6,7,8\n')
    assert result.why == [(2, "unclosed-quote", '1,"x,2'), (3, "ragged-row", '3,y",4,5')]
    assert result.rows == [("6", "7", "8")]


def test_too_few_cells_over_several_lines_are_one_ragged_row() -> None:
    result = read_all('a,b,c\n1,"x\ny"\n6,7,8\n')
    assert result.why == [(2, "ragged-row", '1,"x\ny"')]
    assert (result.refused[0].value, result.refused[0].detail) == ("2", "3")
    assert result.line_numbers == [4]


def test_a_quote_closed_only_beyond_the_longest_record_is_unclosed() -> None:
    rows = "".join(f"{n},x\n" for n in range(10, 40))
    data = f'a,b\n1,"open\n{rows}2,x",y\n'
    result = read_all(data, max_record_bytes=60)
    assert result.why == [(2, "unclosed-quote", '1,"open'), (33, "ragged-row", '2,x",y')]
    assert len(result.rows) == 30
    assert read_all('a,b\n1,"open\nclosed"\n', max_record_bytes=60).rows == [("1", "open\nclosed")]


@pytest.mark.parametrize("other", ["", 'x",y\n'])
@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_the_longest_record_is_exact(end: str, other: str) -> None:
    record = '1,"a\nb"'
    for size in (3, 1000):
        data = f"a,b\n{other}{record}{end}"
        assert read_all(data, block_bytes=size, max_record_bytes=len(record)).raw[-1] == record
        for shorter in (1, 2):
            result = read_all(data, block_bytes=size, max_record_bytes=len(record) - shorter)
            assert result.raw == other.split()
            assert [row.code for row in result.refused] == ["unclosed-quote", "ragged-row"]


def test_an_unclosed_quote_is_found_wherever_blocks_end() -> None:
    data = "a,b\n" + "1,good\n" * 30 + '2,"bad\n' + '3,"a\nb"\n' * 30
    wanted = read_all(data)
    assert wanted.why == [(32, "unclosed-quote", '2,"bad')]
    assert len(wanted.rows) == 60
    for size in range(1, 80):
        assert read_all(data, block_bytes=size) == wanted


def test_quotes_at_the_very_end_close() -> None:
    for end in ("", "\n", "\r\n", "\r"):
        assert read_all(f'a,b\n1,"2"{end}').rows == [("1", "2")]
