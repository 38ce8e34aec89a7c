"""What stands against starting campaigns now. The emergency answers here, without the mirror knowing of it."""

from collections.abc import Callable

ASKED: list[Callable[[], str]] = []


def held() -> str:
    """Why nothing is to be started, in a sentence; empty while nothing stands against it."""
    return next((words for ask in ASKED if (words := ask())), "")
