"""rendered/ is swapped as a whole, holds what it has to, and keeps what is not ours."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from generator import conventions
from generator.problems import Failure
from generator.write import compare, first_difference, guard, write

HEAD = f"# {conventions.header('specs/x.yaml', 'd' * 64)}\n"


def _object(kind: str, name: str, more: str = "") -> str:
    return f"---\napiVersion: v1\nkind: {kind}\nmetadata:\n  name: {name}\n{more}"


def _contents(**objects: str) -> dict[str, bytes]:
    return {f"live/runtime/{name}.yaml": (HEAD + text).encode() for name, text in objects.items()}


def _write(contents: Mapping[str, bytes], out: Path) -> None:
    write(contents, out, "live", compare(contents, out, "live"))


def _tree(out: Path) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


def test_a_first_render_makes_everything(tmp_path: Path) -> None:
    contents = _contents(a=_object("ConfigMap", "a"), b=_object("ConfigMap", "b"))
    change = compare(contents, tmp_path, "live")
    assert (set(change.added), change.changed, change.deleted, change.objects) == (set(contents), (), (), 0)
    _write(contents, tmp_path)
    assert _tree(tmp_path) == contents
    assert not compare(contents, tmp_path, "live")


def test_what_changed_is_written_and_what_did_not_is_not(tmp_path: Path) -> None:
    before = _contents(a=_object("ConfigMap", "a"), b=_object("ConfigMap", "b"))
    _write(before, tmp_path)
    kept = (tmp_path / "live/runtime/a.yaml").stat()
    after = {**before, "live/runtime/b.yaml": (HEAD + _object("ConfigMap", "b", "data: {}\n")).encode()}
    change = compare(after, tmp_path, "live")
    assert (change.added, change.changed, change.deleted) == ((), ("live/runtime/b.yaml",), ())
    _write(after, tmp_path)
    assert _tree(tmp_path) == after
    now = (tmp_path / "live/runtime/a.yaml").stat()
    assert (now.st_ino, now.st_mtime_ns) == (kept.st_ino, kept.st_mtime_ns)


def test_what_is_no_longer_rendered_goes(tmp_path: Path) -> None:
    before = _contents(a=_object("ConfigMap", "a"), b=_object("ConfigMap", "b"))
    _write(before, tmp_path)
    after = _contents(a=_object("ConfigMap", "a"))
    change = compare(after, tmp_path, "live")
    assert (change.deleted, change.deleted_objects, change.objects) == (("live/runtime/b.yaml",), ("ConfigMap/b",), 2)
    _write(after, tmp_path)
    assert _tree(tmp_path) == after


def test_files_of_others_stay(tmp_path: Path) -> None:
    _write(_contents(a=_object("ConfigMap", "a")), tmp_path)
    (tmp_path / "live/README.md").write_text("mine")
    (tmp_path / "live/runtime/own.yaml").write_text(_object("ConfigMap", "own"))
    (tmp_path / "live/runtime/link.yaml").symlink_to("own.yaml")
    after = _contents(b=_object("ConfigMap", "b"))
    _write(after, tmp_path)
    found = _tree(tmp_path)
    assert found["live/README.md"] == b"mine"
    assert found["live/runtime/own.yaml"].endswith(b"name: own\n")
    assert (tmp_path / "live/runtime/link.yaml").is_symlink()
    assert "live/runtime/a.yaml" not in found
    assert not (compare(after, tmp_path, "live").deleted)


def test_other_environments_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "trial").mkdir()
    (tmp_path / "trial/x.yaml").write_text(HEAD)
    _write(_contents(a=_object("ConfigMap", "a")), tmp_path)
    assert (tmp_path / "trial/x.yaml").read_text() == HEAD


def test_a_hand_edit_is_found_and_named(tmp_path: Path) -> None:
    contents = _contents(a=_object("ConfigMap", "a"))
    _write(contents, tmp_path)
    path = tmp_path / "live/runtime/a.yaml"
    path.write_text(path.read_text().replace("name: a", "name: b"))
    change = compare(contents, tmp_path, "live")
    assert change.changed == ("live/runtime/a.yaml",)
    found = first_difference(contents, tmp_path, "live/runtime/a.yaml")
    assert (found.line, found.expected, found.found) == (6, "  name: a", "  name: b")


def test_a_file_that_is_missing_or_left_over_is_called_so(tmp_path: Path) -> None:
    contents = _contents(a=_object("ConfigMap", "a"))
    path = "live/runtime/a.yaml"
    assert first_difference(contents, tmp_path, path).whole == "this is missing"
    _write(contents, tmp_path)
    assert first_difference({}, tmp_path, path).whole == "nothing renders this any more"
    (tmp_path / path).rename(tmp_path / "elsewhere.yaml")
    (tmp_path / path).symlink_to(tmp_path / "elsewhere.yaml")
    assert first_difference(contents, tmp_path, path).whole == "this is a link, and no file"


@pytest.mark.parametrize(
    ("objects", "gone", "allowed", "refused"),
    [
        (10, 2, 0, False),
        (10, 5, 0, False),
        (10, 6, 0, True),
        (10, 6, 6, False),
        (10, 6, 5, True),
        (100, 20, 0, False),
        (100, 21, 0, True),
    ],
)
def test_much_is_not_deleted_without_being_asked(
    tmp_path: Path, objects: int, gone: int, allowed: int, *, refused: bool
) -> None:
    _write(_contents(**{f"o{n}": _object("ConfigMap", f"o{n}") for n in range(objects)}), tmp_path)
    change = compare(
        _contents(**{f"o{n}": _object("ConfigMap", f"o{n}") for n in range(gone, objects)}), tmp_path, "live"
    )
    if not refused:
        guard(change, "live", allowed)
        return
    with pytest.raises(Failure, match=f"would delete {gone} of {objects} objects of live") as failure:
        guard(change, "live", allowed)
    assert f"--allow-delete {gone}" in failure.value.hint


@pytest.mark.parametrize("kind", ["Namespace", "PersistentVolumeClaim", "CustomResourceDefinition"])
def test_what_is_hard_to_get_back_is_not_deleted_without_being_asked(tmp_path: Path, kind: str) -> None:
    _write(_contents(a=_object(kind, "a"), b=_object("ConfigMap", "b")), tmp_path)
    change = compare(_contents(b=_object("ConfigMap", "b")), tmp_path, "live")
    with pytest.raises(Failure, match=f"{kind}/a"):
        guard(change, "live", 0)
    guard(change, "live", 1)


def test_a_renamed_object_in_a_changed_file_counts_as_deleted(tmp_path: Path) -> None:
    _write(_contents(a=_object("PersistentVolumeClaim", "old")), tmp_path)
    change = compare(_contents(a=_object("PersistentVolumeClaim", "new")), tmp_path, "live")
    assert change.deleted_objects == ("PersistentVolumeClaim/old",)


def test_a_half_built_tree_that_can_not_be_removed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(folder: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    (tmp_path / ".live.new").mkdir()
    monkeypatch.setattr("generator.write.shutil.rmtree", refused)
    with pytest.raises(Failure, match=r"\.live\.new can't be removed: Permission denied") as failure:
        _write(_contents(a=_object("ConfigMap", "a")), tmp_path)
    assert failure.value.hint.startswith("nothing was changed; remove ")
    assert not (tmp_path / "live").exists()


def test_an_old_tree_that_can_not_be_removed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(folder: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    _write(_contents(a=_object("ConfigMap", "a")), tmp_path)
    monkeypatch.setattr("generator.write.shutil.rmtree", refused)
    after = _contents(a=_object("ConfigMap", "a", "data: {}\n"))
    with pytest.raises(Failure, match="can't be removed: Permission denied") as failure:
        _write(after, tmp_path)
    assert "live was written; remove " in failure.value.hint
    assert (tmp_path / "live/runtime/a.yaml").read_bytes() == after["live/runtime/a.yaml"]


def test_where_nothing_can_be_written_nothing_is_changed(tmp_path: Path) -> None:
    (tmp_path / "rendered").write_text("a file where the folder should be")
    with pytest.raises(Failure, match="can't be written"):
        _write(_contents(a=_object("ConfigMap", "a")), tmp_path / "rendered")
    assert (tmp_path / "rendered").read_text() == "a file where the folder should be"


KILLED = """
import sys
from pathlib import Path
from generator.write import compare, write

out, number = Path(sys.argv[1]), int(sys.argv[2])
head = sys.argv[3]
contents = {f"live/runtime/o{n}.yaml": f"{head}\\nversion: {number}\\n".encode() for n in range(200)}
print("ready", flush=True)
write(contents, out, "live", compare(contents, out, "live"))
print("done", flush=True)
"""


def test_a_process_that_is_killed_leaves_the_old_tree_or_the_new(tmp_path: Path) -> None:
    """Killed at some 25 moments between the first and the last of its work."""
    head = HEAD.strip()
    assert _killed_after(tmp_path, 1, head, None)
    whole = 1
    ended = 0
    for number in range(2, 27):
        ended += _killed_after(tmp_path, number, head, (number % 13) * 0.004)
        texts = {path.read_text() for path in (tmp_path / "live/runtime").iterdir()}
        assert len(list((tmp_path / "live/runtime").iterdir())) == 200
        assert len(texts) == 1, "half of it is old and half is new"
        (text,) = texts
        found = int(text.split("version: ")[1])
        assert found in (whole, number)
        whole = found
    assert ended < 25, "no process was killed before its end: the test has shown nothing"
    assert _killed_after(tmp_path, 99, head, None)
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith(".apm")) == ["live"]


def _killed_after(out: Path, number: int, head: str, seconds: float | None) -> bool:
    """Return whether the process came to its end."""
    command = [sys.executable, "-c", KILLED, str(out), str(number), head]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        if seconds is not None:
            time.sleep(seconds)
            os.kill(process.pid, signal.SIGKILL)
        return process.stdout.read() == b"done\n"
