# SPDX-License-Identifier: MIT
"""One program at one operation: how to time a call, and how wrong its result is."""
import dataclasses
import time
from typing import Callable, Optional


@dataclasses.dataclass
class Entry:
    program: str
    precision: str
    seconds: Callable[[], float]  # of one call
    error: Callable[[], Optional[float]] = lambda: None
    threads: int = 1


def clock_of(name):
    return {"wall": time.perf_counter, "cpu": time.process_time}[name]


def timed(clock, call):
    """A function that returns the seconds that call() took."""
    def seconds():
        start = clock()
        call()
        return clock() - start
    return seconds
