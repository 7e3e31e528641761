#!/usr/bin/env python3
"""KSG and CCA of `mist evaluate` next to benchmark-mi's, and KSG of a pair next to scikit-learn's, on the same files.

    scripts/side_by_side.py [--mist target/release/mist] [--manifest FILE]

Makes its own environment (target/venv-reference, see requirements-reference.txt) where there is none. Without a manifest it draws
normal data sets of 1 to 5 columns a side. Prints, for each data set, CPU seconds of one thread and errors of both, and
the ratio of the times; the last lines are medians of the ratios.
"""

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / "target" / "venv-reference"
DRAWN = [(1_000, 1), (1_000, 3), (1_000, 5), (10_000, 1), (10_000, 5)]


def in_environment():
    """Goes on inside of the environment of the references, which is made if it is not there."""
    try:
        import bmi  # noqa: F401
    except ImportError:
        python = VENV / "bin" / "python"
        if Path(sys.prefix) == VENV:
            sys.exit(f"error: `{VENV}` has no benchmark-mi\nhint: remove it, it is made anew")
        if not python.exists():
            print(f"making {VENV}", file=sys.stderr)
            subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
            requirements = ROOT / "scripts" / "requirements-reference.txt"
            subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
        os.execv(python, [str(python), *sys.argv])


def drawn(folder):
    """A manifest of normal data sets, every correlation 0.5."""
    from reference_common import SetWriter
    import numpy as np

    writer = SetWriter(folder)
    rng = np.random.default_rng(20_261_121)
    for n, dim in DRAWN:
        covariance = np.full((2 * dim, 2 * dim), 0.5) + 0.5 * np.eye(2 * dim)
        both = rng.multivariate_normal(np.zeros(2 * dim), covariance, size=n)
        log_det = lambda block: np.linalg.slogdet(block)[1]
        mi = 0.5 * (2 * log_det(covariance[:dim, :dim]) - log_det(covariance))
        writer.add(f"normal-{n}-{dim}x{dim}", both[:, :dim], both[:, dim:], mi, "normal", "side by side")
    writer.finish()
    return Path(folder) / "manifest.jsonl"


def theirs(entries):
    """(index, estimator) to (estimate, CPU seconds, package)."""
    import numpy as np
    from bmi.estimators import CCAMutualInformationEstimator, KSGEnsembleFirstEstimator
    from sklearn.feature_selection import mutual_info_regression

    found = {}
    for i, e in enumerate(entries):
        x, y = np.load(e["x"]), np.load(e["y"])
        runs = [
            ("ksg", "benchmark-mi", lambda: KSGEnsembleFirstEstimator(neighborhoods=(5,), metric_x="chebyshev").estimate(x, y)),
            ("cca", "benchmark-mi", lambda: CCAMutualInformationEstimator().estimate(x, y)),
        ]
        if x.shape[1] == y.shape[1] == 1:
            scikit = lambda: mutual_info_regression(x, y[:, 0], n_neighbors=5, random_state=0)[0]
            runs.append(("ksg", "scikit-learn", scikit))
        for estimator, package, run in runs:
            run()  # compilation and first touches do not count
            start = time.process_time()
            estimate = float(run())
            found[i, estimator, package] = (estimate, time.process_time() - start)
    return found


def main():
    parser = argparse.ArgumentParser(description="mist's KSG and CCA next to the references'")
    parser.add_argument("--mist", default=ROOT / "target/release/mist", help="the binary")
    parser.add_argument("--manifest", help="data sets on disk, as `mist evaluate --manifest` takes them")
    args = parser.parse_args()
    in_environment()
    warnings.simplefilter("ignore")
    from reference_common import read_manifest

    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(args.manifest) if args.manifest else drawn(Path(folder) / "sets")
        out = Path(folder) / "ours"
        command = [args.mist, "evaluate", "--manifest", manifest, "--estimators", "ksg,cca", "--threads", "1", "--out", out]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(out / "estimates.csv", newline="") as file:
            ours = {(int(row["index"]), row["estimator"]): row for row in csv.DictReader(file)}
        entries = read_manifest(manifest)
        ratios = {}
        print("| data set | estimator | mist: error | CPU s | reference | error | CPU s | times faster |")
        print("|---|---|---|---|---|---|---|---|")
        for (i, estimator, package), (estimate, seconds) in theirs(entries).items():
            row, truth = ours[i, estimator], entries[i]["mi_nats"]
            if row["error"]:
                print(f"| {entries[i]['id']} | {estimator} | {row['error']} | | {package} | {estimate - truth:+.4f} | {seconds:.4f} | |")
                continue
            own = float(row["cpu_seconds"])
            ratios.setdefault((estimator, package), []).append(seconds / max(own, 1e-6))
            print(
                f"| {entries[i]['id']} | {estimator} | {float(row['estimate']) - truth:+.4f} | {own:.5f} | {package}"
                f" | {estimate - truth:+.4f} | {seconds:.4f} | {ratios[estimator, package][-1]:.1f} |"
            )
        for (estimator, package), values in ratios.items():
            print(f"\n{estimator} against {package}: {statistics.median(values):.1f} times faster (median of {len(values)})")


if __name__ == "__main__":
    main()
