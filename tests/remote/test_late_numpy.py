"""numpy is loaded when the check needs it, and not by the web server."""

import subprocess
import sys

from maxops.remote.late_numpy import np

LOADS = "import sys, maxops.wsgi; from maxops import urls; assert urls.urlpatterns; print('numpy' in sys.modules)"


def test_web_server_starts_without_loading_numpy():
    call = [sys.executable, "-W", "ignore", "-c", LOADS]
    done = subprocess.run(call, capture_output=True, text=True, check=True, env={"SECRET_KEY": "x" * 50})
    assert done.stdout.split() == ["False"]


def test_whatever_is_asked_comes_from_numpy():
    assert np.array([3, 1]).sum() == 4
