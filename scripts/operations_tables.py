#!/usr/bin/env python3
"""Rankings, matrices and large tables: agreement with scikit-learn, right answers, time and memory.

Environment: as scripts/operations_independence.py. Then:
    target/venv-operations/bin/python scripts/operations_tables.py rank --checkpoint NAME.safetensors
    target/venv-operations/bin/python scripts/operations_tables.py matrix --checkpoint NAME.safetensors --columns 300 --rows 1000
    target/venv-operations/bin/python scripts/operations_tables.py rows --checkpoint NAME.safetensors
    target/venv-operations/bin/python scripts/operations_tables.py scale --checkpoint NAME.safetensors
"""

from operations_common import USED_HEAD, Mist, parser

import csv
import io
import json
import os

import numpy as np


def tables():
    """Name, rows × columns, target, whether it is a class, and whether columns are integers with few values."""
    from sklearn import datasets

    for name, load, classes in [
        ("iris", datasets.load_iris, True),
        ("wine", datasets.load_wine, True),
        ("breast cancer", datasets.load_breast_cancer, True),
        ("digits", datasets.load_digits, True),
        ("diabetes", datasets.load_diabetes, False),
    ]:
        data = load()
        yield name, data.data, data.target, classes


def top(scores, k):
    return set(np.argsort(-np.asarray(scores), kind="stable")[:k].tolist())


def rank(args):
    from scipy.stats import spearmanr
    from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

    mist = Mist(args)
    print("| table | rows × columns | target | same among the top 3 / 5 / 10 | rank correlation | mist, s of a core | scikit-learn |")
    print("|---|---|---|---|---|---|---|")
    for name, x, y, classes in tables():
        path = mist.work / "table.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([f"c{j}" for j in range(x.shape[1])] + ["target"])
            writer.writerows([*row, target] for row, target in zip(x, y))
        options = ["--categorical", "target"] if classes else []
        out, used = mist.run("--quiet", "rank", path, "--target", "target", "--format", "csv", "--test", "none", *options)
        rows = list(csv.DictReader(io.StringIO(out)))
        ours = np.zeros(x.shape[1])
        for place, row in enumerate(rows):
            ours[int(row["x"][1:])] = -place
        reference = mutual_info_classif if classes else mutual_info_regression
        start = os.times()
        theirs = reference(x, y, random_state=0)
        end = os.times()
        seconds = end.user - start.user + end.system - start.system
        same = " / ".join(f"{len(top(ours, k) & top(theirs, k))}" for k in (3, 5, 10) if k < x.shape[1])
        kind = "class" if classes else "number"
        print(
            f"| {name} | {x.shape[0]} × {x.shape[1]} | {kind} | {same} | {spearmanr(ours, theirs)[0]:.2f} "
            f"| {used.cpu:.2f} | {seconds:.2f} |",
            flush=True,
        )


def matrix(args):
    """Normal columns of which blocks of ten share a factor: the MI of every pair is known."""
    mist, rng = Mist(args), np.random.default_rng(args.seed)
    factors = rng.standard_normal((args.rows, -(-args.columns // 10)))
    loading = rng.uniform(0.2, 0.95, args.columns)
    noise = rng.standard_normal((args.rows, args.columns))
    x = loading * factors[:, np.arange(args.columns) // 10] + np.sqrt(1 - loading**2) * noise
    path = mist.work / "matrix.csv"
    np.savetxt(path, x, delimiter=",", header=",".join(f"c{j}" for j in range(args.columns)), comments="")
    out, used = mist.run("--quiet", "matrix", path, "--format", "csv", "--test", "none")
    rows = list(csv.DictReader(io.StringIO(out)))
    truth, got, covered = [], [], []
    for row in rows:
        i, j = int(row["x"][1:]), int(row["y"][1:])
        rho = loading[i] * loading[j] if i // 10 == j // 10 else 0.0
        truth.append(-0.5 * np.log1p(-(rho**2)))
        got.append(float(row["mi"]))
        covered.append(float(row["lower"]) - 1e-9 <= truth[-1] <= float(row["upper"]))
    truth, got, covered = map(np.array, (truth, got, covered))
    linked = truth > 0
    print(f"{args.columns} columns × {args.rows} rows, {len(rows)} pairs\n\n| {USED_HEAD} |\n|---|---|---|---|---|\n| {used.row()} |\n")
    print("| pairs | count | truth, mean | mean error | mean absolute error | 90 % interval covers |\n|---|---|---|---|---|---|")
    for name, part in (("independent", ~linked), ("dependent", linked)):
        e = got[part] - truth[part]
        print(f"| {name} | {part.sum()} | {truth[part].mean():.3f} | {e.mean():+.4f} | {np.abs(e).mean():.4f} | {covered[part].mean():.0%} |")


def answered(args, tables):
    """Asks normal tables, (name, rows, correlations of the pairs of columns, whether the columns of a side are mixed): the MI is known."""
    mist, rng = Mist(args), np.random.default_rng(args.seed)
    print(f"| table | truth | answer, 90 % interval | {USED_HEAD} |\n|---|---|---|---|---|---|---|---|")
    for name, rows, rho, mixed in tables:
        dim = len(rho)
        x = rng.standard_normal((rows, dim))
        y = rho * x + np.sqrt(1 - rho**2) * rng.standard_normal((rows, dim))
        if mixed:
            x, y = x @ rng.standard_normal((dim, dim)), y @ rng.standard_normal((dim, dim))
        for side, values in (("x", x), ("y", y)):
            np.save(mist.work / f"{side}.npy", values)
        del x, y
        out, used = mist.run("--quiet", "estimate", "x.npy", "y.npy", "--format", "json")
        answer = json.loads(out)
        truth = -0.5 * np.log1p(-(rho**2)).sum()
        interval = answer["interval"]
        print(
            f"| {name} | {truth:.3f} | {answer['mi']:.3f} ({interval['lower']:.3f} to {interval['upper']:.3f}) | {used.row()} |",
            flush=True,
        )
    for side in "xy":
        (mist.work / f"{side}.npy").unlink()


def rows(args):
    """One pair of columns, and 32, of more and more rows."""
    counts = {1: [10_000, 100_000, 1_000_000], 32: [500, 2_000, 10_000, 100_000, 1_000_000]}
    name = lambda dim, n: f"{n:,} × ({dim} + {dim})"
    answered(args, [(name(dim, n), n, np.full(dim, 0.6), False) for dim, every in counts.items() for n in every])


def scale(args):
    """Tables of many cells."""
    unequal = np.linspace(0.1, 0.7, 8)
    tables = [
        ("1,000,000 × (8 + 8), pairs of columns", 1_000_000, unequal, False),
        ("the same, columns of a side mixed", 1_000_000, unequal, True),
        ("10,000,000 × (1 + 1)", 10_000_000, np.array([0.6]), False),
    ]
    answered(args, tables)


def main():
    p = parser("measure rankings, matrices and large tables")
    p.add_argument("what", choices=["rank", "matrix", "rows", "scale"])
    p.add_argument("--columns", type=int, default=300)
    p.add_argument("--rows", type=int, default=1000)
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    {"rank": rank, "matrix": matrix, "rows": rows, "scale": scale}[args.what](args)


if __name__ == "__main__":
    main()
