"""`make demo`: maxops beside a stand-in of the dialler, all on this machine; Ctrl-C stops all of it.

It makes log-ins whose passwords everybody knows, so it runs only where `make demo` has set MAXOPS_DEMO=1 and all
addresses are this machine's own. That mark is read from the environment itself: it is no setting of an installation.
"""

import os
import shlex
import signal
import socket
import sys
import time
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connections
from honcho.environ import parse_procfile
from honcho.manager import Manager

from maxops.campaigns.models import Campaign
from maxops.console import demo

MARK = "MAXOPS_DEMO"
PATIENCE = 60  # seconds until the demo must stand
SHARED = (
    "MAXOPS_DATA_DIR",
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "MAXOPS_PUBLIC_URL",
    "MAXCONTACT_URL",
    "MAXCONTACT_LOGIN",
    "MAXCONTACT_PASSWORD",
)
ADDRESSES = ("MAXOPS_PUBLIC_URL", "MAXCONTACT_URL")


class Command(BaseCommand):
    help = "Start maxops with a stand-in of the dialler on loopback (use `make demo`, which sets the environment)."

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_elsewhere()
        refuse_taken("PORT", settings.MAXOPS_PUBLIC_URL)
        refuse_taken("SANDBOX_PORT", settings.MAXCONTACT_URL)
        self.stdout.write("Preparing the demo's database under " + shown(settings.DATA_DIR) + " ...")
        call_command("migrate", verbosity=0)
        demo.make_people()
        demo.make_mappings()
        demo.make_names()
        write_environment()
        connections.close_all()  # the processes below are forked from this one
        # Closing the terminal must end the demo as Ctrl-C does.
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        Thread(target=self.announce, daemon=True).start()
        processes = all_processes()
        processes.loop()
        if processes.returncode not in (0, 130, -signal.SIGTERM, 128 + signal.SIGTERM):
            raise CommandError("One of the processes ended by itself; its last words stand above.")

    def announce(self) -> None:
        """Say where the demo stands once it really does: pages answer and the dialler has been read."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if stands():
                demo.paste_callback_urls(settings.MAXCONTACT_URL)
                self.stdout.write(banner())
                self.stdout.flush()
                return
            time.sleep(0.3)
        self.stderr.write(f"The demo does not answer after {PATIENCE} s; the lines above say why.")


def stands() -> bool:
    """Whether the web server answers and the first reading of the dialler is in the mirror."""
    try:
        answers = demo.ask(settings.MAXOPS_PUBLIC_URL, "/health/live") == 200
    except OSError:
        return False
    try:
        return answers and Campaign.objects.exists()
    finally:
        connections.close_all()


def all_processes() -> Manager:
    """The stand-in and what the Procfile names, each with this process's environment."""
    sandbox = [sys.executable, "-m", "maxops.sandbox", "--port", str(urlsplit(settings.MAXCONTACT_URL).port)]
    sandbox += ["--samples", str(settings.DATA_DIR / "samples"), "--keep", str(settings.DATA_DIR / "sandbox")]
    commands = {"sandbox": "exec " + shlex.join(sandbox)}
    commands |= parse_procfile(Path(settings.BASE_DIR, "Procfile").read_text("utf-8")).processes
    processes = Manager()
    for name, command in commands.items():
        processes.add_process(name, command, env=dict(os.environ), cwd=str(settings.BASE_DIR))
    return processes


def refuse_elsewhere() -> None:
    """The demo's log-ins must never come into an installation that people use."""
    if os.environ.get(MARK) != "1":
        raise CommandError("The demo starts with `make demo`, which gives it a database of its own. Nothing was done.")
    for name in ADDRESSES:
        if not is_loopback(urlsplit(getattr(settings, name)).hostname or ""):
            raise CommandError(
                f"{name} is not an address of this machine alone: no place for a demo. Nothing was done."
            )


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_taken(variable: str, url: str) -> None:
    """Say which port is taken, before anything is started."""
    port = urlsplit(url).port or 80
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(f"Port {port} is taken. Choose another: make demo {variable}={port + 1}") from error


def write_environment() -> None:
    """Keep the demo's settings in a file, so that commands in a second shell speak to the same demo."""
    lines = [f"export {name}={shlex.quote(os.environ.get(name, ''))}\n" for name in SHARED]
    environment_file().write_text("".join(lines), "utf-8")


def environment_file() -> Path:
    return Path(settings.DATA_DIR, "environment")


def shown(path: Path) -> str:
    """A path as a person at the project's folder would type it."""
    return str(path.relative_to(settings.BASE_DIR)) if path.is_relative_to(settings.BASE_DIR) else str(path)


def banner() -> str:
    width = max(len(person.login) for person in demo.PEOPLE)
    people = [f"    {p.login:<{width}}  {p.password:<{width + 5}}  {p.what}" for p in demo.PEOPLE]
    return "\n".join(
        [
            "",
            "  maxops stands at  " + settings.MAXOPS_PUBLIC_URL + "/",
            "",
            "  Log in as (password beside it):",
            *people,
            "",
            f"  Lead files to try:  {shown(settings.DATA_DIR / 'samples')}/",
            f"  Commands beside it: . {shown(environment_file())} && .venv/bin/python manage.py pull",
            "  The stand-in of the dialler listens at " + settings.MAXCONTACT_URL + ". Ctrl-C stops everything.",
            "",
        ]
    )
