"""A stand-in of the remote systems, built from their documents alone; it imports nothing of the product.

`from maxops.sandbox import Sandbox` for tests, `python -m maxops.sandbox --port 8100` for the demo.
"""

from maxops.sandbox.samples import write_samples
from maxops.sandbox.server import LOGIN, PASSWORD, Sandbox

__all__ = ["LOGIN", "PASSWORD", "Sandbox", "write_samples"]
