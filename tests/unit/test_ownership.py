"""Whose a file in rendered/ is, and which of others' files Argo CD would apply."""

from pathlib import Path

import pytest

from generator import conventions, ownership
from generator.problems import Failure

HEAD = f"# {conventions.header('specs/x.yaml', 'd' * 64)}\n"
APPLIED = (
    "live/policy/a.yaml", "live/policy/b.yml", "live/runtime/c.json", "live/runtime/d.jsonnet",
    "live/runtime/Kustomization", "live/runtime/below/e.yaml", "other/f.yaml", "other/policy/g.yaml",
)  # fmt: skip
FREE = (
    "live/policy/NOTE.txt", "live/docs/a.yaml", "live/a.yaml", "live/below/a.yaml", "other/README.md", "top.yaml",
    ".live.new/policy/a.yaml",
)  # fmt: skip


def _write(out: Path, path: str, text: str) -> None:
    (out / path).parent.mkdir(parents=True, exist_ok=True)
    (out / path).write_text(text)


def test_only_what_argo_cd_would_apply_and_apm_did_not_write_is_foreign(tmp_path: Path) -> None:
    for path in (*APPLIED, *FREE):
        _write(tmp_path, path, "kind: X\n")
    _write(tmp_path, "live/policy/ours.yaml", HEAD)
    assert ownership.foreign(tmp_path, ("live",)) == tuple(sorted(APPLIED))
    assert ownership.foreign(tmp_path, ("live",), ("live",)) == tuple(
        sorted(p for p in APPLIED if p.startswith("live/"))
    )
    assert list(ownership.owned(tmp_path, "live")) == ["live/policy/ours.yaml"]


def test_a_link_to_a_file_of_ours_is_of_others(tmp_path: Path) -> None:
    _write(tmp_path, "live/policy/ours.yaml", HEAD)
    (tmp_path / "live/policy/link.yaml").symlink_to("ours.yaml")
    assert ownership.foreign(tmp_path, ("live",)) == ("live/policy/link.yaml",)


def test_nothing_there_is_nothing_foreign(tmp_path: Path) -> None:
    assert ownership.foreign(tmp_path / "rendered", ("live",)) == ()


def test_what_can_not_be_read_is_said_with_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path, "live/policy/a.yaml", HEAD)

    def refused(file: Path, _: str) -> None:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(Failure, match=r"live/policy/a\.yaml can't be read: Permission denied"):
        list(ownership.owned(tmp_path, "live"))
