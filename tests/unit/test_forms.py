"""What is nearly in a form of ours is written in it, where only one thing can be meant."""

import pytest

from generator import forms


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2 days", "2d"), ("1 hour", "1h"), ("90 min", "90m"), ("1h30m", "90m"), ("1 h 30 m", "90m"),
        ("2 Weeks", "14d"), ("1h, 5s", "3605s"), ("PT30M", "30m"), ("PT1H30M", "90m"), ("P1D", "1d"), ("0.5 h", "30m"),
        ("250 ms", "250ms"),
        ("P1M", ""), ("2 months", ""), ("soon", ""), ("5", ""), ("", ""), ("-5s", ""), ("5s later", ""),
    ],
)  # fmt: skip
def test_durations(text: str, written: str) -> None:
    assert forms.duration(text) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [("20k", "20000"), ("1M", "1000000"), ("20,000", "20000"), ("1 000 000", "1000000"), ("20", "20"), ("2,5", ""),
     ("20Ki", ""), ("many", ""), ("", "")],
)  # fmt: skip
def test_whole_numbers(text: str, written: str) -> None:
    assert forms.whole(text) == written


@pytest.mark.parametrize(
    ("text", "written"), [("Van_Stage", "van-stage"), ("a.b c", "a-b-c"), ("-a-", "a"), ("a" * 80, "a" * 63), ("!", "")]
)
def test_names(text: str, written: str) -> None:
    assert forms.name(text) == written
