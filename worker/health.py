"""`python -m worker.health heavy|fast`: ask this machine's worker over the broker whether it answers."""

from __future__ import annotations

import argparse
import sys

from celery.utils.nodenames import gethostname
from kombu.exceptions import OperationalError

from pressroom.broker import QUEUES
from pressroom.errors import PressroomError
from pressroom.settings import Settings
from worker.app import create_celery

ANSWER_SECONDS = 10.0


def main() -> None:
    """Leave with 0 when it answers, with 1 and the reason when it does not."""
    parser = argparse.ArgumentParser(prog="python -m worker.health", description="Whether a worker answers.")
    parser.add_argument("queue", choices=QUEUES)
    queue = parser.parse_args().queue
    name = f"{queue}@{gethostname()}"
    try:
        control = create_celery(Settings()).control
        answers = control.inspect([name], timeout=ANSWER_SECONDS, limit=1).ping()
    except PressroomError as error:
        sys.exit(f"error: {error}" + (f"\nhint: {error.hint}" if error.hint else ""))
    except OperationalError as error:
        sys.exit(f"error: the broker does not answer ({error})")
    if not answers:
        sys.exit(f"error: the worker {name} does not answer within {ANSWER_SECONDS:g} s")
    sys.stdout.write(f"{queue}: well\n")


if __name__ == "__main__":
    main()
