#!/usr/bin/env python3
"""Draws data sets from the 40 tasks of `benchmark-mi` and writes them as .npy pairs with a manifest.

Environment: see requirements-reference.txt. Then:
    target/venv-reference/bin/python scripts/reference_sets.py --out target/reference/bmi

Tasks with more than `--max-dim` columns on a side are left out (at 32: the 50 x 50 Gaussian). Every (task, n,
repetition) has its own seed: many tasks are monotone transforms of one another, and with a shared seed a rank-based
estimator would see the same data set several times.
"""

import argparse

from reference_common import SetWriter  # first: it sets the thread limits
from bmi.benchmark import BENCHMARK_TASKS


def main():
    parser = argparse.ArgumentParser(description="write data sets of the benchmark-mi tasks")
    parser.add_argument("--out", required=True, help="new folder for the sets")
    parser.add_argument("--n", type=int, nargs="+", default=[500, 2000], help="rows per set")
    parser.add_argument("--max-dim", type=int, default=32, help="largest number of columns on a side")
    parser.add_argument("--low-dim", type=int, default=5, help="up to this many columns a task counts as low-dimensional")
    parser.add_argument("--reps-low", type=int, default=5, help="sets per low-dimensional task and n")
    parser.add_argument("--reps-high", type=int, default=2, help="sets per other task and n")
    parser.add_argument("--seed", type=int, default=1_000_000, help="first seed")
    args = parser.parse_args()

    writer = SetWriter(args.out)
    for index, (task_id, task) in enumerate(BENCHMARK_TASKS.items()):
        dim = max(task.dim_x, task.dim_y)
        if dim > args.max_dim:
            continue
        for n_index, n in enumerate(args.n):
            for rep in range(args.reps_low if dim <= args.low_dim else args.reps_high):
                x, y = task.sample(n, args.seed + 10_000 * index + 1_000 * n_index + rep)
                writer.add(f"{task_id}/n{n}/{rep}", x, y, task.mutual_information, task_id, "bmi")
    writer.finish()


if __name__ == "__main__":
    main()
