"""Run all cases of all classes and print the counts: `python -m tests.fuzz [--seed S] [--only WORD] [--count N]`."""

from __future__ import annotations

import argparse
import sys

from .harness import run, targets

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--only", default="", help="classes whose name has this word")
parser.add_argument("--count", type=int, help="cases of each class, instead of its own number")
asked = parser.parse_args()

failures = 0
print(f"{'class':40} {'cases':>6} {'read':>6} {'refused':>8} {'failed':>7}")
for target in targets():
    if asked.only in target.name:
        counts = run(target, asked.count or target.count, asked.seed)
        failed = len(counts.failed)
        total = counts.accepted + counts.refused + failed
        print(f"{target.name:40} {total:6} {counts.accepted:6} {counts.refused:8} {failed:7}", flush=True)
        for line in counts.failed[:10]:
            print(f"    {line}")
        failures += failed
sys.exit(failures > 0)
