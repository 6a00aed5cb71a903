"""Places and lengths of charts."""

from __future__ import annotations

from decimal import Decimal

from records.web.charts import Value, bar_chart, line_chart


def _chart(*numbers):
    return bar_chart("Title", ("Month", "Number"), [Value("J", "January", each, str(each)) for each in numbers])


def test_bars_share_the_width_and_the_largest_is_the_tallest():
    chart = _chart(Decimal("5"), 10, 0)
    tall = [bar.height for bar in chart.bars]
    assert tall == [35, 70, 0]
    assert [bar.is_drawn for bar in chart.bars] == [True, True, False]
    assert all(bar.y + bar.height == chart.floor for bar in chart.bars[:2])
    assert [bar.middle for bar in chart.bars] == [16.67, 50, 83.33]
    assert all(bar.x >= 0 and bar.x + bar.width <= 100 for bar in chart.bars)


def test_nothing_and_less_than_nothing_have_no_bar():
    assert _chart(0, Decimal("-3")).is_empty
    assert _chart().is_empty
    assert not _chart(0, 1).is_empty


def test_the_smallest_bar_can_be_seen():
    assert _chart(1, 100_000).bars[0].height == 1


def test_lines_stand_in_a_square_of_a_hundred():
    chart = line_chart("Title", {"now": [10, 5, 0]}, ["a", "b", "c"])
    assert chart.lines[0].points == "0.00,0.00 50.00,50.00 100.00,100.00"
    assert [tick.label for tick in chart.amounts] == ["0", "5", "10"]


def test_a_single_point_and_a_line_of_nothing_can_be_drawn():
    chart = line_chart("Title", {"now": [0]}, ["a"])
    assert chart.lines[0].points == "0.00,100.00"
    assert [tick.label for tick in chart.amounts] == ["0", "1"]


def test_few_of_many_labels_are_written():
    chart = line_chart("Title", {"now": [1] * 53}, [str(number) for number in range(53)])
    assert [tick.label for tick in chart.labels] == ["0", "18", "36"]
