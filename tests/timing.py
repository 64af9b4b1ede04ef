"""How long a call takes, for tests of how that grows."""

import gc
import time


def quickest(call, times=3):
    """Return the least processor time of a few calls, in seconds.

    The garbage collector stands still: what it has to look through is what other tests left.
    """
    best = float("inf")
    gc.collect()
    gc.disable()
    try:
        for _ in range(times):
            start = time.process_time()
            call()
            best = min(best, time.process_time() - start)
    finally:
        gc.enable()
    return best
