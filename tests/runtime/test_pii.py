"""Personal data: check digits decide, neighbours don't confuse."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.services.agents.pii import counted, find, without

EVERY: Any = ("iban", "taxId", "phone", "mail", "card")

GOOD = [
    ("iban", "DE89 3704 0044 0532 0130 00"),
    ("iban", "de89370400440532013000"),
    ("iban", "GB29 NWBK 6016 1331 9268 19"),
    ("iban", "NL91ABNA0417164300"),
    ("taxId", "86095742719"),
    ("taxId", "65 929 970 489"),
    ("card", "4111 1111 1111 1111"),
    ("card", "378282246310005"),
    ("card", "5555-5555-5555-4444"),
    ("phone", "+49 441 9988776"),
    ("phone", "+49 (0)441 998877"),
    ("phone", "0049 441 9988776"),
    ("phone", "0441 / 998877"),
    ("phone", "015112345678"),
    ("mail", "ada.lovelace+erp@valeo-neuroerp.example"),
]
BAD = [
    "DE89370400440532013001",  # a digit is wrong
    "XX89370400440532013000",  # no such country
    "86095742718",
    "11111111111",
    "4111 1111 1111 1112",
    "0000000000000000",
    "2026-11-25 21:30:00",
    "01-02-2026",
    "1.234,56 EUR",
    "order 4711-0815 of 2026",
    "192.168.10.20",
    "ada at example.com",
    "@example",
    "f47ac10b-58cc-4372-a567-0e02b2c3d479",
]


@pytest.mark.parametrize(("kind", "text"), GOOD)
@pytest.mark.parametrize("around", ["{}", "Pay to {}, please.", "({})", "a: {}\nb", "konto={};"])
def test_personal_data_is_found_whole_in_any_company(kind: str, text: str, around: str) -> None:
    whole = around.format(text)
    (found,) = find(whole, EVERY)
    assert (found.kind, whole[found.start : found.end]) == (kind, text)
    assert without(whole, EVERY) == around.format(f"[{kind} removed]")


@pytest.mark.parametrize("text", BAD)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert without(text, EVERY) == text


def test_only_the_kinds_that_were_asked_for_count() -> None:
    text = "DE89370400440532013000 ada@example.com"
    assert without(text, ["mail"]) == "DE89370400440532013000 [mail removed]"


def test_values_are_cleaned_whole_with_their_keys_and_numbers() -> None:
    value = {"to": ["a@b.example", {"c@d.example": 4111111111111111}], "n": 7, "ok": True, "none": None}
    cleaned = {"to": ["[mail removed]", {"[mail removed]": "[card removed]"}], "n": 7, "ok": True, "none": None}
    assert without(value, EVERY) == cleaned
    assert counted(value, EVERY) == {"mail": 2, "card": 1}


def test_a_word_behind_an_iban_does_not_hide_it() -> None:
    assert without("DE89370400440532013000 bis Freitag", EVERY) == "[iban removed] bis Freitag"


@given(st.text(alphabet="0123456789 -+@.DEabz/()", max_size=200))
def test_nothing_that_was_taken_out_can_be_found_again(text: str) -> None:
    assert find(without(text, EVERY), EVERY) == []
