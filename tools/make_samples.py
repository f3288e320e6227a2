"""Write the sample order files that the repository keeps: ``python -m tools.make_samples``."""

import argparse
from datetime import date
from pathlib import Path

from aftersales.imports import samples

KEPT = Path(__file__).resolve().parent.parent / "aftersales" / "fixtures" / "orders"
FIXED = date(2026, 11, 23)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--day", type=date.fromisoformat, default=FIXED)
    parser.add_argument("--folder", type=Path, default=KEPT)
    asked = parser.parse_args()
    for path in samples.write(asked.folder, asked.day, exact=True):
        print(path.name)
