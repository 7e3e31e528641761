#!/usr/bin/env python3
"""Scores benchmark-mi's KSG and CCA estimators on the data sets of one manifest.

Environment: see requirements-reference.txt. Then, on sets that reference_sets.py or reference_m_test.py wrote:
    target/venv-reference/bin/python scripts/baselines_reference.py --manifest target/reference/bmi/manifest.jsonl \
        --out target/reference/baselines-bmi.json

Prints mean absolute error, mean squared error and median squared error by n (or by bins of n, with `--bins`) and by
family, and saves those with every estimate. An estimate that is not finite is counted and left out of the means.
"""

import argparse
import json
import time
import warnings
from importlib.metadata import version
from pathlib import Path

from reference_common import read_manifest  # first: it sets the thread limits
import numpy as np
from bmi.estimators import CCAMutualInformationEstimator, KSGEnsembleFirstEstimator


def summary(errors):
    """Statistics of a list of errors (estimate minus truth, nats; NaN where there is no estimate)."""
    e = np.asarray(errors, dtype=float)
    finite = e[np.isfinite(e)]
    if finite.size == 0:
        return {"sets": int(e.size), "failed": int(e.size)}
    return {
        "sets": int(e.size),
        "failed": int(e.size - finite.size),
        "mae": float(np.abs(finite).mean()),
        "mse": float((finite**2).mean()),
        "median_se": float(np.median(finite**2)),
        "bias": float(finite.mean()),
    }


def grouped(rows, key):
    """Summaries of the errors of rows (entry, error), grouped by a function of the entry."""
    groups = {}
    for entry, error in rows:
        groups.setdefault(key(entry), []).append(error)
    return {k: summary(v) for k, v in groups.items()}


def main():
    parser = argparse.ArgumentParser(description="score benchmark-mi's KSG and CCA on a manifest")
    parser.add_argument("--manifest", required=True, help="manifest.jsonl of the sets")
    parser.add_argument("--out", required=True, help="JSON file to write")
    parser.add_argument("--max-dim", type=int, default=5, help="leave out sets with more columns on a side")
    parser.add_argument("--k", type=int, nargs="+", default=[5], help="neighbours of KSG; one estimator for each")
    parser.add_argument("--bins", type=int, nargs="+", help="upper ends of the bins of n, such as 100 300 500")
    parser.add_argument("--max-per-family", type=int, help="sets scored per (family, n)")
    args = parser.parse_args()

    taken, entries = {}, []
    for e in read_manifest(args.manifest):
        if max(e["dim_x"], e["dim_y"]) > args.max_dim:
            continue
        cell = (e["family"], e["n"])
        taken[cell] = taken.get(cell, 0) + 1
        if args.max_per_family is None or taken[cell] <= args.max_per_family:
            entries.append(e)
    if not entries:
        parser.error("no set of the manifest is within --max-dim")

    estimators = {f"KSG k={k}": KSGEnsembleFirstEstimator(neighborhoods=(k,)) for k in args.k}
    estimators["CCA"] = CCAMutualInformationEstimator()
    if args.bins:
        n_group = lambda e: next((f"n<={b}" for b in args.bins if e["n"] <= b), f"n>{args.bins[-1]}")
    else:
        n_group = lambda e: f"n={e['n']}"
    split = lambda e: f"{e['split']} " if "split" in e else ""

    packages = ("benchmark-mi", "jax", "numpy", "scipy", "scikit-learn")
    result = {"versions": {p: version(p) for p in packages}, "max_dim": args.max_dim, "estimators": {}}
    for name, estimator in estimators.items():
        rows, estimates, seconds = [], [], 0.0
        for e in entries:
            x, y = np.load(e["x"]), np.load(e["y"])
            start = time.process_time()
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    value = float(estimator.estimate(x, y))
            except (ValueError, np.linalg.LinAlgError):
                value = float("nan")
            seconds += time.process_time() - start
            rows.append((e, value - e["mi_nats"]))
            estimates.append({"id": e["id"], "mi_nats": e["mi_nats"], "estimate": value if np.isfinite(value) else None})
        result["estimators"][name] = {
            "cpu_seconds": seconds,
            "all": grouped(rows, lambda e: split(e) + "all"),
            "by_n": grouped(rows, lambda e: split(e) + n_group(e)),
            "by_family_and_n": grouped(rows, lambda e: f"{e['family']} {n_group(e)}"),
            "estimates": estimates,
        }
        print(f"{name}: {len(rows)} sets, {seconds:.1f} CPU s")
        for group in ("all", "by_n"):
            for key, s in result["estimators"][name][group].items():
                if "mae" not in s:
                    print(f"  {key:14} sets {s['sets']:4}  none finite")
                    continue
                print(
                    f"  {key:14} sets {s['sets']:4}  failed {s['failed']:3}  MAE {s['mae']:.4f}  MSE {s['mse']:.4f}"
                    f"  median SE {s['median_se']:.5f}  bias {s['bias']:+.4f}"
                )
    Path(args.out).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
