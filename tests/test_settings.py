"""What the settings make by themselves at the first start."""

import stat
import subprocess
import sys

import pytest

from tests.installation import ROOT

SHOW_KEY = "from maxops.settings import SECRET_KEY; print(SECRET_KEY)"


def start(folder) -> subprocess.Popen:
    environment = {"MAXOPS_DATA_DIR": str(folder), "DATABASE_URL": "sqlite://:memory:", "SECRET_KEY": ""}
    return subprocess.Popen(
        [sys.executable, "-c", SHOW_KEY], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )


def key_of(process: subprocess.Popen) -> str:
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return said.strip()


@pytest.mark.parametrize("left_behind", [None, ""], ids=["nothing there", "an empty file there"])
def test_first_starts_at_once_agree_on_one_key(tmp_path, left_behind):
    if left_behind is not None:
        (tmp_path / "secret_key").write_text(left_behind)
    keys = {key_of(process) for process in [start(tmp_path) for _ in range(8)]}
    assert len(keys) == 1
    assert len(next(iter(keys))) >= 50
    kept = tmp_path / "secret_key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert key_of(start(tmp_path)) in keys
