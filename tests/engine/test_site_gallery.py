"""The gallery of the site: two programs of one lab, examined as `make site` does."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.site import check, gallery

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
    site = tmp_path / "site"
    gallery.copy(tmp_path, site)
    for name in ("right", "wrong"):
        assert (site / f"gallery/pipe_conversation-{name}/report.html").is_file()
    assert list(check.faults(site)) == []
