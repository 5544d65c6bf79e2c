"""Runs a command and says what it took: `python -I -S stopwatch.py LIMIT command…`.

A process of its own, because Linux counts the memory of the process that starts another into that one's peak
(ru_maxrss begins with what was mapped before exec): this one is as small as Python gets.
"""

import json
import os
import signal
import sys
import time


def main() -> int:
    """Print wall and CPU seconds, peak bytes and exit status of the command as one JSON line at the end."""
    limit, command = float(sys.argv[1]), sys.argv[2:]
    began = time.perf_counter()
    # The command's own output goes to standard error: standard output is the figures'.
    # A command that goes on after what is measured can tell when that was over.
    environment = {**os.environ, "BENCH_BEGAN": repr(began)}
    pid = os.posix_spawn(command[0], command, environment, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
    signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, limit)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - began
    signal.setitimer(signal.ITIMER_REAL, 0)
    # getrusage(2): kilobytes on Linux, bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    figures = {
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * unit,
        "status": os.waitstatus_to_exitcode(status),
    }
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
