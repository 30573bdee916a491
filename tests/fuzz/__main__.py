"""Look for a file that the editor spoils, guided by which lines of it run: `make fuzz`. A find is written to build/fuzz."""

import sys

import atheris

with atheris.instrument_imports(include=["andon.ports.splice"]):
    from fuzz.attempt import attempt


def one(data: bytes) -> None:
    """One input of libFuzzer's."""
    attempt(data)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
