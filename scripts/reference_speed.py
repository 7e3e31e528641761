#!/usr/bin/env python3
"""Measures how many data sets per CPU second mist-statinf's generator draws.

Environment: see requirements-reference.txt. Then:
    target/venv-reference/bin/python scripts/reference_speed.py

Two speeds, both without imports, both in CPU time of the whole process (so that compiler threads count):
- changing: M_train draws as the reference makes them, every set with its own family, dimension and n, so that jax
  compiles for almost every set;
- repeated: for each M_train family one (dimension, n), drawn again after a first, uncounted draw: nothing to compile.
"""

import argparse
import json
import os
import time
from importlib.metadata import version
from pathlib import Path

from reference_common import M_TRAIN, import_distribution_generator, split_family  # first: thread limits
import numpy as np


def draw(generator, family, n, dim, seed):
    base, structure, transforms = split_family(family)
    return generator.generate_mi_dataset(base, transforms, n, x_dim=dim, y_dim=dim, multi_type=structure, seed=seed)


def main():
    parser = argparse.ArgumentParser(description="measure the speed of mist-statinf's generator")
    parser.add_argument("--draws", type=int, default=20, help="draws with changing shapes")
    parser.add_argument("--repeats", type=int, default=20, help="draws per family with a repeated shape")
    parser.add_argument("--seed", type=int, default=0, help="seed of families and shapes")
    parser.add_argument("--out", help="JSON file to write")
    args = parser.parse_args()

    generator = import_distribution_generator()
    rng = np.random.default_rng(args.seed)
    shape = lambda: (int(rng.integers(10, 501)), int(rng.integers(2, 33)))
    result = {p: version(p) for p in ("mist-statinf", "benchmark-mi", "jax", "numpy")} | {"cpus": os.cpu_count()}

    families = [M_TRAIN[i % len(M_TRAIN)] for i in rng.permutation(args.draws)]
    per_draw, wall = [], time.perf_counter()
    for i, family in enumerate(families):
        n, dim = shape()
        start = time.process_time()
        draw(generator, family, n, dim, 20_000 + i)
        per_draw.append(time.process_time() - start)
    wall = time.perf_counter() - wall
    result["changing"] = {
        "draws": args.draws,
        "tasks_per_cpu_s": args.draws / sum(per_draw),
        "tasks_per_wall_s": args.draws / wall,
        # The first draws also compile what does not depend on the shape.
        "tasks_per_cpu_s_later_half": len(per_draw[args.draws // 2 :]) / sum(per_draw[args.draws // 2 :]),
    }

    cpu = {}
    for family in M_TRAIN:
        n, dim = shape()
        draw(generator, family, n, dim, 30_000)
        start = time.process_time()
        for i in range(args.repeats):
            draw(generator, family, n, dim, 30_001 + i)
        cpu[family] = (time.process_time() - start) / args.repeats
    result["repeated"] = {
        "draws_per_family": args.repeats,
        "tasks_per_cpu_s": len(cpu) / sum(cpu.values()),
        "cpu_ms_per_task": {family: 1e3 * seconds for family, seconds in cpu.items()},
    }

    text = json.dumps(result, indent=1)
    print(text)
    if args.out:
        Path(args.out).write_text(text + "\n")


if __name__ == "__main__":
    main()
