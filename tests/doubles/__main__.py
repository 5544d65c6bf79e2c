"""`python -m tests.doubles heavy|fast`: a real worker that builds with the double."""

import sys

from pressroom.logs import set_up_logs
from pressroom.settings import Settings
from worker.app import create_celery, worker_arguments

if __name__ == "__main__":
    set_up_logs()
    settings = Settings()
    app = create_celery(settings, build="tests.doubles.build:build")
    app.worker_main(worker_arguments(sys.argv[1], settings))
