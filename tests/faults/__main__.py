"""``python -m tests.faults --seeds 20 --cases 1000 --faults 60``: see docs/reliability.md.

Ends with 1 if an invariant was hurt; with ``--broken`` it runs the design that must be found out, and
ends with 1 if it was not.
"""

import argparse
import atexit
import os
import signal
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import django

from tests import services
from tests.faults.stack import Stack


def main() -> int:
    asked = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ended from outside, it still tidies up
    services.sweep_up()
    folder = Path(tempfile.mkdtemp(prefix=f"{services.PREFIX}{os.getpid()}-"))
    folder.chmod(0o755)
    if asked.keep:
        print(folder)
    atexit.register(services.stop, folder, os.getpid(), keep=asked.keep)
    stack = Stack(folder)
    os.environ.update(
        stack.environment()
        | {"DATABASE_URL": stack.at(), "REDIS_URL": f"redis://127.0.0.1:{stack.redis_port}/0"}
    )
    django.setup()
    return campaigns(stack, asked)


def campaigns(stack: Stack, asked: argparse.Namespace) -> int:
    # Only now: they have models in them.
    campaign, degrading = (import_module(f"tests.faults.{n}") for n in ("campaign", "degrading"))
    campaign.prepare_template(stack)
    if asked.degrade:
        found = degrading.run(stack)
        print(found.line(), *found.wrong[:10], sep="\n    ")
        return int(found.hurt > 0)
    runs = []
    for seed in range(asked.first, asked.first + asked.seeds):
        run = campaign.run(
            stack,
            seed,
            count=asked.cases,
            faults=asked.faults,
            broken=asked.broken,
            seconds=asked.seconds,
            within=asked.within,
        )
        runs.append(run)
        print(run.line(), flush=True)
        for sentence in run.outcome.other[:10]:
            print(f"    {sentence}", flush=True)
    hurt = sum(run.outcome.hurt for run in runs)
    print(
        f"total: {len(runs)} seeds, {sum(len(run.faults) for run in runs)} faults,"
        f" {sum(run.cases for run in runs)} cases: {hurt} hurt;"
        f" recovered within {max(run.recovered for run in runs):.1f} s"
    )
    return int((hurt == 0) if asked.broken else (hurt > 0))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--cases", type=int, default=1000, help="of each seed")
    parser.add_argument("--faults", type=int, default=60, help="of each seed")
    parser.add_argument("--seconds", type=float, default=0.0, help="in which all fall due")
    parser.add_argument(
        "--within", type=float, default=60.0, help="seconds until all is done after"
    )
    parser.add_argument("--degrade", action="store_true", help="what people notice, and no seeds")
    parser.add_argument("--broken", action="store_true", help="the design that must be found out")
    parser.add_argument("--keep", action="store_true", help="leave the programs' logs behind")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
