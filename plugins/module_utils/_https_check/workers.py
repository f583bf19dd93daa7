# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Jobs side by side, where a job may bring forth more jobs.

Not ``concurrent.futures``: its threads are joined when the interpreter ends, so one name look-up that hangs would keep
the module from ending.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, Callable, Iterable

Job = Callable[[], Any]  #: returns the jobs that follow from it, or None


def run_all(jobs: Iterable[Job], concurrency: int) -> None:
    """Runs all jobs, and all that they return, on at most ``concurrency`` threads. The first exception is raised."""
    queue: deque[Job] = deque(jobs)
    changed = threading.Condition()
    errors: list[BaseException] = []
    pending = len(queue)

    def work() -> None:
        nonlocal pending
        while True:
            with changed:
                while not queue and pending and not errors:
                    changed.wait()
                if not queue or errors:
                    return
                job = queue.popleft()
            more: list[Job] = []
            try:
                more = list(job() or ())
            except BaseException as error:
                with changed:
                    errors.append(error)
            with changed:
                queue.extendleft(reversed(more))  # first what belongs to what has begun
                pending += len(more) - 1
                if pending and not errors:
                    changed.notify(len(more))
                else:
                    changed.notify_all()

    threads = [threading.Thread(target=work, daemon=True) for number in range(max(1, min(concurrency, 4 * pending)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
