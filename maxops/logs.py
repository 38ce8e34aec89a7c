"""What may not stand in a log line: the secret in a callback's address, which Django names in every 4xx and 5xx.

Masked in the finished text, so that messages, their arguments and tracebacks all pass it.
"""

import logging
import re

CALLBACK = re.compile(r"(callbacks(?:/|%2f)+[^/%\s]+(?:/|%2f)+)[^/?%\s\"'<>]+", re.IGNORECASE)


class MaskingFormatter(logging.Formatter):
    """A line of the log with every callback's secret replaced."""

    def format(self, record: logging.LogRecord) -> str:
        return CALLBACK.sub(r"\1***", super().format(record))
