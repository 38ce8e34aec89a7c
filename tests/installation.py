"""A whole maxops of its own in a scratch folder: real processes from the Procfile, as a person would start them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from honcho.environ import parse_procfile

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 40  # seconds for a process to answer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Installation:
    """Environment, commands and processes of one scratch installation."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.processes: list[subprocess.Popen] = []
        inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
        self.environment = {
            **inherited,
            "PATH": f"{Path(sys.executable).parent}:{inherited.get('PATH', '')}",
            "PORT": str(self.port),
            "MAXOPS_DATA_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{folder}/maxops.sqlite3",
            "CELERY_BROKER_URL": "",
            "MAXOPS_PUBLIC_URL": self.url,
            **environment,
        }

    def manage(self, *words: str, code: int = 0) -> subprocess.CompletedProcess:
        """Run a command to its end; the exit code is part of what is asked."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *words: str, code: int = 0) -> Any:
        """What a command says with --json: one object on standard output and nothing else."""
        return json.loads(self.manage(*words, "--json", code=code).stdout)

    def prepare(self) -> None:
        """Tables, groups, and the four log-ins of the demo."""
        self.manage("migrate", "--verbosity", "0")
        self.manage("shell", "--verbosity", "0", "-c", "from maxops.console.demo import make_people; make_people()")

    def start(self, *names: str) -> None:
        """Start these lines of the Procfile, each in a process group of its own."""
        lines = parse_procfile((ROOT / "Procfile").read_text("utf-8")).processes
        for name in names:
            with (self.folder / f"{name}.log").open("ab") as log:
                process = subprocess.Popen(
                    ["/bin/sh", "-c", lines[name]],
                    cwd=ROOT,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self.processes.append(process)
        if "web" in names:
            self.wait_until(self.answers, "the web server to answer")

    def answers(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/health/live")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def wait_until(self, condition: Any, what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"waited {PATIENCE} s for {what}\n{self.logs()}"
            time.sleep(0.1)

    def logs(self) -> str:
        return "\n".join(f"== {path.name}\n{path.read_text('utf-8')[-3000:]}" for path in self.folder.glob("*.log"))

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(timeout=5)
        self.processes.clear()
