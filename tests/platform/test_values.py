"""Quantities, schedules, images and endpoints: the small values that platform specs are made of."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from generator.checks.backup_objective import longest_pause
from generator.cluster.endpoints import Endpoint, endpoint
from generator.cluster.facts import table
from generator.kinds._image import Image
from generator.kinds._quantity import canonical
from generator.rules.cron import parse

UNITS = {
    "m": 1,
    "": 1000,
    "k": 10**6,
    "M": 10**9,
    "G": 10**12,
    "Ki": 1024 * 1000,
    "Mi": 1024**2 * 1000,
    "Gi": 1024**3 * 1000,
}


@pytest.mark.parametrize(
    ("written", "returned"),
    [("1000m", "1"), ("0.5", "500m"), ("2", "2"), ("2000", "2k"), ("1500m", "1500m"), ("1024Mi", "1Gi"),
     ("1.5Gi", "1536Mi"),
     ("0.5Ki", "512"), ("512Mi", "512Mi"), ("1000Mi", "1000Mi"), ("10G", "10G")],
)  # fmt: skip
def test_quantity_is_what_an_api_server_returns(written: str, returned: str) -> None:
    assert canonical(written) == returned


@pytest.mark.parametrize("text", ["", "0", "-1", "1 Gi", "ten", "1e3", "0.0001", "1Xi", "0m"])
def test_no_quantity(text: str) -> None:
    with pytest.raises(PydanticCustomError):
        canonical(text)


@given(st.integers(1, 10**7), st.sampled_from(sorted(UNITS)))
def test_a_canonical_quantity_is_the_same_amount_and_stays(number: int, unit: str) -> None:
    once = canonical(f"{number}{unit}")
    suffix = once.lstrip("0123456789")
    larger = {**UNITS, "T": 10**15, "P": 10**18, "Ti": 1024**4 * 1000, "Pi": 1024**5 * 1000}
    assert int(once.removesuffix(suffix)) * larger[suffix] == number * UNITS[unit]
    assert canonical(once) == once


@pytest.mark.parametrize(
    ("schedule", "pause"),
    [("0 2 * * *", dt.timedelta(days=1)), ("*/15 * * * *", dt.timedelta(minutes=15)),
     ("0 1 * * 1-5", dt.timedelta(days=3)),
     ("5/20 3 * * *", dt.timedelta(hours=23, minutes=20)), ("0 0 13 * 5", dt.timedelta(days=7)),
     ("0 0 29 2 *", dt.timedelta(days=1461)), ("0 0 1,15 * *", dt.timedelta(days=17))],
)  # fmt: skip
def test_longest_pause(schedule: str, pause: dt.timedelta) -> None:
    assert longest_pause(parse(schedule)) == pause


def test_image_reference_prefers_the_digest() -> None:
    digest = "sha256:" + "a" * 64
    assert Image(name="a/b", tag="1.2", digest=digest).reference("r.example/x/") == f"r.example/x/a/b@{digest}"
    assert Image(name="b", tag="1.2").reference("") == "b:1.2"


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [("https://a.example/x", "a.example", 443), ("http://a.example", "a.example", 80),
     ("https://A.example:8443/${input.x}", "a.example", 8443),
     ("${input.base}/x", "*", 443), ("https://${input.host}/x", "*", 443)],
)  # fmt: skip
def test_endpoint_of_an_address(url: str, host: str, port: int) -> None:
    assert endpoint(url, "test") == Endpoint(host, port, "test")


@pytest.mark.parametrize(
    ("host", "inside"),
    [("erp", True), ("erp.shop.svc", True), ("a.b.svc.cluster.local", True), ("a.example", False), ("*", False)],
)
def test_which_hosts_are_in_the_cluster(host: str, inside: bool) -> None:
    assert Endpoint(host, 443, "").in_cluster is inside


def test_cells_cannot_break_a_table() -> None:
    assert table(["a"], [["x | y\nz"]]) == "| a |\n| --- |\n| x \\| y z |"
    assert table(["a"], []) == "None."
