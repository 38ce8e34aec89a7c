"""Examples of the MaxContact documents, byte for byte as published; loopback.pem is made for these tests alone."""

from pathlib import Path

FOLDER = Path(__file__).parent


def sample(name: str) -> bytes:
    return (FOLDER / name).read_bytes()
