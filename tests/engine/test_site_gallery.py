"""The gallery of the site: two programs of one lab, examined as `make site` does."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.site import gallery

pytestmark = pytest.mark.engine


def test_a_right_and_a_wrong_run_are_kept(tmp_path: Path) -> None:
    said = list(gallery.make({"pipe_conversation"}, tmp_path))

    assert [line.split()[:2] for line in said] == [
        ["pipe_conversation-right:", "PASS"],
        ["pipe_conversation-wrong:", "FAIL"],
    ]
    assert not (tmp_path / "runs").exists()
    page = gallery.listing(tmp_path)
    assert "all pass" in page
    assert "FAIL in `unused-ends-closed`" in page
    gallery.copy(tmp_path, tmp_path / "site")
    for name in ("right", "wrong"):
        assert (tmp_path / f"site/gallery/pipe_conversation-{name}/report.txt").is_file()
