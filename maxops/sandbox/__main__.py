"""python -m maxops.sandbox: the stand-in alone, until it is interrupted or told to end."""

import argparse
import signal
import threading
from pathlib import Path

from maxops.sandbox.keeping import keep, take_up
from maxops.sandbox.maxcontact.seed import SEEDS
from maxops.sandbox.samples import write_samples
from maxops.sandbox.server import LOGIN, PASSWORD, Sandbox

KEEP_SECONDS = 10.0  # a machine that loses power loses no more than this of a demo


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m maxops.sandbox", description="A stand-in of MaxContact.")
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--seed", choices=sorted(SEEDS), default="demo")
    parser.add_argument("--login", default=LOGIN)
    parser.add_argument("--password", default=PASSWORD)
    parser.add_argument("--samples", type=Path, metavar="FOLDER", help="write sample CSV files there first")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="remember everything there across restarts")
    parser.add_argument("--verbose", action="store_true", help="print each request")
    return parser.parse_args()


def main() -> None:
    arguments = read_arguments()
    if arguments.samples:
        for path in write_samples(arguments.samples):
            print(f"sample: {path}", flush=True)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    sandbox = Sandbox(arguments.port, arguments.seed, arguments.login, arguments.password, arguments.host)
    sandbox.verbose = arguments.verbose
    if arguments.keep:
        take_up(sandbox.state, arguments.keep)
    with sandbox:
        print(f"The stand-in of MaxContact listens at {sandbox.url}", flush=True)
        while not ended.wait(KEEP_SECONDS):
            if arguments.keep:
                keep(sandbox.state, arguments.keep)
    if arguments.keep:
        keep(sandbox.state, arguments.keep)


if __name__ == "__main__":
    main()
