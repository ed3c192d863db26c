"""``labwire cal selftest``: published numbers beside what this installation computes."""

import argparse

from calibration.commands import EXIT_FAILED, EXIT_OK
from calibration.selftest import run as checks_of
from calibration.selftest import table


def add(parser: argparse.ArgumentParser) -> None:
    """Takes nothing."""


def run(args: argparse.Namespace) -> int:
    """Returns 1 when a number is not reproduced."""
    checks = checks_of()
    print(table(checks))
    return EXIT_OK if all(check.passed for check in checks) else EXIT_FAILED
