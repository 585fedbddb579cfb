"""Archives of mongodump: what can't be restored from is refused, and the last good ones are never deleted.

`archives/mongodump-100.12.archive.gz` was written by mongodump 100.12: 40 runs, 7 events, and an empty collection.
"""

import datetime as dt
import gzip
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import bson
import pytest

from runtime.__main__ import main
from runtime.archives import check, prune, verify
from runtime.problems import Failure

REAL = Path(__file__).parent / "archives" / "mongodump-100.12.archive.gz"
HEADER = 10
"""Bytes of gzip's header, which says nothing of the content."""
NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def old(folder: Path, days: float, *, whole: bool = True) -> str:
    """Put an archive of some days ago into a folder."""
    path = folder / f"nightly-{days}.archive.gz"
    shutil.copy(REAL, path)
    if whole:
        verify(path)
    made = (NOW - dt.timedelta(days=days)).timestamp()
    for file in folder.glob(f"{path.name}*"):
        os.utime(file, (made, made))
    return path.name


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.archive.gz")}


def test_a_whole_archive_is_read_to_its_end() -> None:
    assert check(REAL).documents == {"shop.events": 7, "shop.nothing": 0, "shop.runs": 40}


def test_the_oplog_and_time_series_stand_under_names_of_their_own(tmp_path: Path) -> None:
    """As `common/archive` of mongo-tools writes them: no database for the oplog, buckets for a time series."""
    names = [("", "oplog", ""), ("shop", "readings", "timeseries"), ("shop", "seen", "view")]
    announced = [{"db": db, "collection": name, "metadata": "", "size": 0, "type": kind} for db, name, kind in names]
    blocks = [("", "oplog"), ("shop", "system.buckets.readings")]
    ends = [[header(*one, end=True)] for one in blocks]
    path = tmp_path / "a.archive.gz"
    path.write_bytes(archive([{"version": "8.0"}, *announced], *[[header(*one), {"n": 1}] for one in blocks], *ends))
    assert check(path).documents == {".oplog": 1, "shop.readings": 1}


def header(db: str, collection: str, *, end: bool = False) -> dict[str, Any]:
    return {"db": db, "collection": collection, "EOF": end, "CRC": 0}


def archive(*parts: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the prelude and blocks of documents as an archive."""
    written = (b"".join(map(bson.encode, part)) + b"\xff\xff\xff\xff" for part in parts)
    return gzip.compress(b"\x6d\xe2\x99\x81" + b"".join(written))


def test_an_archive_that_is_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    data, path = REAL.read_bytes(), tmp_path / "a.archive.gz"
    for size in range(len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(Failure, match="cut off" if size != 1 else "Not a gzipped file"):
            check(path)


def test_a_dump_that_was_cut_off_before_it_was_compressed_is_refused(tmp_path: Path) -> None:
    data, path = gzip.decompress(REAL.read_bytes()), tmp_path / "a.archive.gz"
    for size in range(0, len(data), 7):
        path.write_bytes(gzip.compress(data[:size], 1))
        with pytest.raises(Failure, match="can't be restored from"):
            check(path)


def test_any_damaged_byte_is_seen(tmp_path: Path) -> None:
    data, path = REAL.read_bytes(), tmp_path / "a.archive.gz"
    for at in range(HEADER, len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x01]) + data[at + 1 :])
        with pytest.raises(Failure, match="can't be restored from"):
            check(path)


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.archive.gz"
    with pytest.raises(Failure, match="No such file"):
        check(path)
    path.write_bytes(gzip.compress(b"hello world"))
    with pytest.raises(Failure, match="does not begin as an archive"):
        check(path)


def test_old_archives_go_and_the_newest_whole_ones_stay(tmp_path: Path) -> None:
    gone = [old(tmp_path, days) for days in (60, 50, 40)]
    kept = {old(tmp_path, days) for days in (35, 33, 2)}
    assert prune(tmp_path, days=30, min_keep=3, now=NOW) == gone
    assert names(tmp_path) == kept
    assert not [path for path in tmp_path.iterdir() if path.name.removesuffix(".verified") in gone]


def test_nothing_that_is_younger_goes(tmp_path: Path) -> None:
    kept = {old(tmp_path, days) for days in (1, 2, 29.9)}
    assert prune(tmp_path, days=30, min_keep=1, now=NOW) == []
    assert names(tmp_path) == kept


def test_broken_archives_do_not_push_out_the_last_good_one(tmp_path: Path) -> None:
    good = old(tmp_path, 90)
    broken = [old(tmp_path, days, whole=False) for days in (80, 70)]
    young = {old(tmp_path, days, whole=False) for days in (3, 2, 1)}
    assert prune(tmp_path, days=30, min_keep=1, now=NOW) == broken
    assert names(tmp_path) == {good, *young}


def test_without_a_whole_archive_nothing_goes(tmp_path: Path) -> None:
    kept = {old(tmp_path, days, whole=False) for days in (90, 80)}
    assert prune(tmp_path, days=30, min_keep=1, now=NOW) == []
    assert names(tmp_path) == kept


def test_a_mark_of_an_archive_that_was_written_over_counts_for_nothing(tmp_path: Path) -> None:
    good, again = old(tmp_path, 90), old(tmp_path, 80)
    made = (NOW - dt.timedelta(days=79)).timestamp()
    os.utime(tmp_path / again, (made, made))
    assert prune(tmp_path, days=30, min_keep=1, now=NOW) == [again]
    assert names(tmp_path) == {good}


def test_the_command_deletes_nothing_when_the_new_archive_is_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, new = old(tmp_path, 900), tmp_path / "new.archive.gz"
    new.write_bytes(REAL.read_bytes()[:-20])
    asked = ["archive", f"--file={new}", "--keep-days=30", "--min-keep=1"]
    assert main(asked) == 1
    assert "is cut off" in capsys.readouterr().err
    assert names(tmp_path) == {kept, new.name}
    shutil.copy(REAL, new)
    assert main(asked) == 0
    assert f"deleted {kept}" in capsys.readouterr().out
    assert names(tmp_path) == {new.name}
