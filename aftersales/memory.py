"""What a process has loaded once stays for its life."""

import gc


def settle() -> None:
    """Let the collector of garbage leave alone what stands by now (settings, models, urls), and
    come by more seldom: it walked over all of it in the middle of a sweep or a page."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
