#!/usr/bin/env python3
"""Writes the golden values that the tests of the named suites compare the generator with (`tests/it/reference/`).

Environment: see requirements-reference.txt. Then:
    target/venv-reference/bin/python scripts/reference_golden.py bmi m_test --out tests/reference

`bmi`: the 40 tasks of `benchmark-mi`. `m_test`: the 13 families of M_test in the samplers of `mist-statinf`, each in
three settings of fixed parameters, and the MI of `TASKS` tasks of each family with the parameters drawn by the
reference's own law. The output, `tests/reference/{bmi,m_test}.safetensors`, is described in `tests/reference/README.md`.

A golden sample has `ROWS` rows, far more than could be stored. Kept are its statistics: columns, products, differences
and projections of a row (`statistics`), of each of which every `ROWS / 32`-th order statistic is stored.
"""

import argparse
import json
from itertools import combinations
from pathlib import Path

from reference_common import M_TEST, import_distribution_generator, split_family  # first: thread limits
import numpy as np
from safetensors.numpy import save_file

ROWS, CHUNK = 1 << 19, 1 << 12
TASKS = 1 << 13
LEVELS = 32
COLUMNS = 3
FREQUENCIES = (1.0, 3.0)
DIM_MIN, DIM_MAX = 2, 32

# The parameters of M_test's settings, by dims, in the names of our configurations.
DIMS = (2, 5, 9)
DISPERSIONS = {
    "dense": ({"rho": 0.5}, {"rho": 0.25}, {"rho": 0.4}),
    "sparse": ({"pairs": 1, "lambda": 2.0}, {"pairs": 3, "lambda": 1.2}, {"pairs": 6, "lambda": 3.5}),
    "lvm": (
        {"pairs": 1, "alpha": 0.6, "beta": 0.9, "lambda": 2.5, "eta": 2.0},
        {"pairs": 3, "alpha": 0.8, "beta": 1.2, "lambda": 1.0, "eta": 4.0},
        {"pairs": 2, "alpha": 0.7, "beta": 0.8, "lambda": 1.8, "eta": 2.0},
    ),
}
NU = (1.5, 4.0, 8.0)
EPSILON = (0.3, 0.75, 1.5)
THEIR_NAMES = {
    "rho": "off_diag",
    "pairs": "n_interacting",
    "lambda": "strength",
    "nu": "df",
    "alpha": "alpha",
    "beta": "beta",
    "eta": "eta",
}


def statistics(x, y):
    """The statistics of each row, one a column: with the first three columns of x and of y called c, all c_i, all
    c_i c_j (i < j), all x_i - y_i (i < 3), and the sums over all columns z of (x, y) of cos(k j) z_j, k = 1 and 3."""
    a, b = x[:, :COLUMNS], y[:, :COLUMNS]
    c = np.hstack((a, b))
    products = [c[:, i] * c[:, j] for i, j in combinations(range(c.shape[1]), 2)]
    differences = [a[:, i] - b[:, i] for i in range(min(a.shape[1], b.shape[1]))]
    z = np.hstack((x, y))
    projections = [z @ np.cos(k * np.arange(z.shape[1])) for k in FREQUENCIES]
    return np.column_stack((*c.T, *products, *differences, *projections))


def quantiles(values):
    """Every n/32-th order statistic of each column, the ends left out: one row a column."""
    step = len(values) // LEVELS
    ordered = np.sort(values, axis=0)[step - 1 : -1 : step]
    if ordered.shape[0] != LEVELS - 1 or not np.isfinite(ordered).all():
        raise ValueError("a quantile is missing or not finite")
    return np.ascontiguousarray(ordered.T, dtype=np.float32)


def golden(task, seed):
    """The quantiles of the statistics of a golden sample, drawn in chunks: some transforms take much memory a row."""
    parts = []
    for child in np.random.SeedSequence(seed).generate_state(ROWS // CHUNK):
        np.random.seed(child)  # mist-statinf's additive noise ignores the seed that it is given
        x, y = (np.asarray(v, dtype=np.float64) for v in task.sample(CHUNK, seed=int(child) >> 1))
        parts.append(statistics(x, y))
    return quantiles(np.concatenate(parts))


class Golden:
    """Collects cases and writes them."""

    def __init__(self):
        self.cases = []
        self.tensors = {}

    def add(self, name, task, seed, **parameters):
        mi_nats = float(task.sampler.mutual_information())
        self.cases.append({"name": name, "dim_x": task.dim_x, "dim_y": task.dim_y, "mi_nats": mi_nats} | parameters)
        self.tensors[name] = golden(task, seed)
        print(f"{name}: {mi_nats}")

    def write(self, path):
        metadata = {"rows": str(ROWS), "tasks": str(TASKS), "cases": json.dumps(self.cases)}
        save_file(self.tensors, path, metadata)
        print(f"{path}: {path.stat().st_size} bytes")


def bmi(seed):
    from bmi.benchmark import BENCHMARK_TASKS

    out = Golden()
    for index, (name, task) in enumerate(BENCHMARK_TASKS.items()):
        out.add(name, task, [seed, 0, index])
    return out


def our_name(family):
    """"multi_normal-lvm-wigglify" to "normal-lvm-wiggly"."""
    base, structure, transforms = split_family(family)
    kind = {"multi_normal": "normal", "multi_student": "student", "multi_additive_noise": "additive"}[base]
    maps = [{"wigglify": "wiggly"}.get(t, t) for t in transforms]
    return "-".join([kind, *([structure] if structure else []), *maps])


def fixed_task(generator, family, setting):
    """A family in one of its settings: the reference's task and the parameters in our names."""
    base, structure, transforms = split_family(family)
    dim = DIMS[setting]
    if structure is None:
        parameters = {"epsilon": EPSILON[setting]}
        task = generator.task_multi_additive_noise(epsilon=[EPSILON[setting]] * dim, dim=dim)
    else:
        parameters = dict(DISPERSIONS[structure][setting])
        tasks = generator.MULTINORMAL_TASKS
        if base == "multi_student":
            parameters["nu"] = NU[setting]
            tasks = generator.STUDENT_TASKS
        theirs = THEIR_NAMES | ({"lambda": "lambd"} if structure == "lvm" else {})
        task = tasks[structure](dim_x=dim, dim_y=dim, **{theirs[k]: v for k, v in parameters.items()})
    return generator._apply_transforms(task, transforms), parameters


def drawn_mi(generator, family, seed):
    """The MI of a task with dims ~ U{2..32} and parameters drawn by the reference."""
    base, structure, _ = split_family(family)
    dim = int(np.random.default_rng(seed.spawn(1)[0]).integers(DIM_MIN, DIM_MAX + 1))
    task = generator._create_base_task(base, dim, dim, structure, int(seed.generate_state(1)[0]))
    return float(task.sampler.mutual_information())


def m_test(seed):
    generator = import_distribution_generator()
    out = Golden()
    for split_index, (split, families) in enumerate(M_TEST.items(), start=1):
        for index, family in enumerate(families):
            name = our_name(family)
            for setting, dim in enumerate(DIMS):
                task, parameters = fixed_task(generator, family, setting)
                out.add(f"{name}/{dim}", task, [seed, split_index, index, setting], family=name, parameters=parameters)
            root = np.random.SeedSequence([seed, split_index, index, len(DIMS)])
            drawn = [drawn_mi(generator, family, child) for child in root.spawn(TASKS)]
            out.tensors[f"m_test_{split}/{name}"] = quantiles(np.array(drawn)[:, None])
            print(f"m_test_{split}/{name}: mean {np.mean(drawn)}")
    return out


def main():
    suites = {"bmi": bmi, "m_test": m_test}
    parser = argparse.ArgumentParser(description="write the golden values of the named suites")
    parser.add_argument("suite", nargs="+", choices=suites)
    parser.add_argument("--out", required=True, type=Path, help="folder of the .safetensors files")
    parser.add_argument("--seed", type=int, default=4093, help="root seed")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for suite in args.suite:
        suites[suite](args.seed).write(args.out / f"{suite}.safetensors")


if __name__ == "__main__":
    main()
