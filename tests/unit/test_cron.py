"""Schedules mean what cron means by them, and changes of the clocks are seen."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.rules.cron import NotASchedule, changes, parse, unlucky


@pytest.mark.parametrize(
    ("text", "field", "values"),
    [
        ("* * * * *", "minutes", set(range(60))),
        ("*/15 * * * *", "minutes", {0, 15, 30, 45}),
        ("5/20 * * * *", "minutes", {5, 25, 45}),
        ("1-5,50 * * * *", "minutes", {1, 2, 3, 4, 5, 50}),
        ("10-30/10 * * * *", "minutes", {10, 20, 30}),
        ("0 0-23/6 * * *", "hours", {0, 6, 12, 18}),
        ("0 0 1 jan,DEC *", "months", {1, 12}),
        ("0 0 * * 7", "weekdays", {0}),
        ("0 0 * * mon-fri", "weekdays", {1, 2, 3, 4, 5}),
    ],
)
def test_fields(text: str, field: str, values: set[int]) -> None:
    assert getattr(parse(text), field) == values


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("60 * * * *", 0),
        ("* 24 * * *", 2),
        ("* * 0 * *", 4),
        ("* * * 13 *", 6),
        ("* * * * 8", 8),
        ("* * * * mo", 8),
        ("*/0 * * * *", 0),
        ("*/ * * * *", 0),
        ("5-1 * * * *", 0),
        ("1,,2 * * * *", 0),
        ("-1 * * * *", 0),
        ("@daily", 0),
        ("* * * *", 0),
        ("* * * * * *", 0),
        ("", 0),
    ],
)
def test_what_is_no_schedule_is_said_with_its_place(text: str, offset: int) -> None:
    with pytest.raises(NotASchedule) as error:
        parse(text)
    assert error.value.offset == offset


def test_days_and_weekdays_together_mean_either() -> None:
    schedule = parse("0 0 13 * fri")
    assert schedule.on(dt.date(2026, 2, 13))  # a Friday, and the 13th
    assert schedule.on(dt.date(2026, 2, 6))  # a Friday
    assert schedule.on(dt.date(2026, 1, 13))  # the 13th
    assert not schedule.on(dt.date(2026, 1, 14))


@pytest.mark.parametrize(("text", "ever"), [("0 0 31 2 *", False), ("0 0 30 2 *", False), ("0 0 29 2 *", True),
                                            ("0 0 31 4,6 *", False), ("0 0 31 2 mon", True)])  # fmt: skip
def test_days_that_never_come(text: str, *, ever: bool) -> None:
    assert parse(text).ever() == ever


@pytest.mark.parametrize(
    ("text", "zone", "hit"),
    [
        ("0 2 * * *", "Europe/Berlin", True),
        ("59 2 * * *", "Europe/Berlin", True),
        ("0 3 * * *", "Europe/Berlin", False),
        ("59 1 * * *", "Europe/Berlin", False),
        ("30 2 * * mon", "Europe/Berlin", False),
        ("30 2 * * sun", "Europe/Berlin", True),
        ("30 2 1 * *", "Europe/Berlin", False),
        ("30 2 * 7 *", "Europe/Berlin", False),
        ("30 1 * * *", "America/New_York", True),
        ("45 1 * * *", "Australia/Lord_Howe", True),
        ("30 23 * * *", "Africa/Cairo", True),
        ("30 2 * * *", "Etc/UTC", False),
        ("30 2 * * *", "Asia/Tokyo", False),
    ],
)
def test_a_change_of_the_clocks(text: str, zone: str, *, hit: bool) -> None:
    assert (unlucky(parse(text), zone) is not None) == hit


def test_the_changes_of_a_zone_are_those_that_are_known() -> None:
    spring, autumn = changes("Europe/Berlin")[4:6]
    assert (spring.day, spring.start, spring.end, spring.skipped) == (dt.date(2026, 3, 29), 120, 180, True)
    assert (autumn.day, autumn.start, autumn.end, autumn.skipped) == (dt.date(2026, 10, 25), 120, 180, False)


@given(st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"]), st.data())
def test_a_skipped_time_does_not_exist_and_a_doubled_one_exists_twice(zone: str, data: st.DataObject) -> None:
    import zoneinfo

    change = data.draw(st.sampled_from(changes(zone)))
    minute = data.draw(st.integers(change.start, change.end - 1))
    local = dt.datetime.combine(change.day, dt.time(minute // 60, minute % 60), zoneinfo.ZoneInfo(zone))
    first, second = local.utcoffset(), local.replace(fold=1).utcoffset()
    assert first is not None
    assert second is not None
    assert first != second
    assert (first > second) == (not change.skipped)


@given(st.text(st.sampled_from("0123456789*/,- abcjanmonL#?"), max_size=20))
def test_any_text_is_a_schedule_or_is_refused(text: str) -> None:
    try:
        schedule = parse(text)
    except NotASchedule:
        return
    assert schedule.minutes <= set(range(60))
    assert schedule.hours <= set(range(24))
    assert schedule.days <= set(range(1, 32))
    assert schedule.months <= set(range(1, 13))
    assert schedule.weekdays <= set(range(7))
