"""Beat's schedule: in memory, so that no file can break, and not stopped by a clock that was put back."""

from typing import Any

from celery import beat


class Scheduler(beat.Scheduler):
    """Celery compares wall clocks: put back by an hour, it would send nothing for an hour."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        for entry in self.schedule.values():
            now = entry.default_now()
            if entry.last_run_at and entry.last_run_at > now:
                entry.last_run_at = now
                self._heap = None  # it is in the order of moments that are far off now
        wait: float = super().tick(*args, **kwargs)
        return wait
