#!/usr/bin/env python3
"""Writes golden data for the tests of mist-baselines: small data sets, and what reference estimators make of them.

Environment: see requirements-reference.txt. Then:
    target/venv-reference/bin/python scripts/reference_baselines.py            writes tests/reference/baselines.json
    target/venv-reference/bin/python scripts/reference_baselines.py --speed    times KSG, against `cargo bench ksg`

References: benchmark-mi for KSG (first kind), CCA, histogram and kernel densities; scikit-learn for the plug-in, for
nearest neighbours of labels, and for the shrinkage of the Gaussian copula; and, for what neither has (KSG of the second
kind, Gao's mixtures), all pairs of rows, written from the formulas. References that cut at 0 are only asked where the
estimate is above.
"""

import argparse
import json
import time
import warnings
from functools import partial
from importlib.metadata import version
from pathlib import Path

import reference_common  # first: it sets the thread limits
import bmi.estimators.correlation
import numpy as np
from bmi.estimators import (
    CCAMutualInformationEstimator,
    HistogramEstimator,
    KDEMutualInformationEstimator,
    KSGEnsembleFirstEstimator,
)
from scipy.special import digamma, ndtri
from scipy.stats import rankdata
from sklearn.covariance import ledoit_wolf
from sklearn.cross_decomposition import CCA
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression
from sklearn.metrics import mutual_info_score

# Decimals of the inputs, to keep the file small: continuous columns still have no ties.
DIGITS = 9

# Relative difference of distances that are equal but for rounding.
TIE = 1e-10


def normal(rng, n, dim_x, dim_y, rho):
    """Normal X and Y, of which the first min(dim_x, dim_y) pairs of columns have correlation rho, mixed within each side."""
    x, y = rng.standard_normal((n, dim_x)), rng.standard_normal((n, dim_y))
    pairs = min(dim_x, dim_y)
    y[:, :pairs] = rho * x[:, :pairs] + np.sqrt(1 - rho**2) * y[:, :pairs]
    return x @ rng.standard_normal((dim_x, dim_x)), y @ rng.standard_normal((dim_y, dim_y))


def distances(v):
    """Maximum-norm distances between all rows of standardised columns."""
    v = (v - v.mean(axis=0)) / v.std(axis=0)
    return np.abs(v[:, None, :] - v[None, :, :]).max(axis=2)


def ksg2(x, y, k):
    """Equation 9 of Kraskov et al., from all pairs."""
    d_x, d_y = distances(x), distances(y)
    n, total = len(x), 0.0
    for i in range(n):
        others = np.delete(np.arange(n), i)
        near = others[np.argsort(np.maximum(d_x[i], d_y[i])[others], kind="stable")[:k]]
        n_x = (d_x[i, others] <= d_x[i, near].max() * (1 + TIE)).sum()
        n_y = (d_y[i, others] <= d_y[i, near].max() * (1 + TIE)).sum()
        total += digamma(n_x) + digamma(n_y)
    return digamma(k) - 1 / k + digamma(n) - total / n


def mixed(x, y, k):
    """Gao et al., with the open balls of their program, from all pairs."""
    d_x, d_y = distances(x), distances(y)
    n, total = len(x), 0.0
    for i in range(n):
        d = np.maximum(d_x[i], d_y[i])
        radius = np.sort(d)[k] * (1 - TIE)  # at 0 is the row itself
        if radius == 0:
            total += digamma((d == 0).sum()) - digamma((d_x[i] == 0).sum()) - digamma((d_y[i] == 0).sum())
        else:
            total += digamma(k) - digamma((d_x[i] < radius).sum()) - digamma((d_y[i] < radius).sum())
    return np.log(n) + total / n


def gaussian_copula(x, y):
    """MI of a normal with the Ledoit-Wolf covariance of standardised normal scores."""
    z = ndtri(rankdata(np.hstack([x, y]), axis=0) / (len(x) + 1))
    r, _ = ledoit_wolf((z - z.mean(axis=0)) / z.std(axis=0), assume_centered=True)
    d = x.shape[1]
    log_det = lambda m: np.linalg.slogdet(m)[1]
    return 0.5 * (log_det(r[:d, :d]) + log_det(r[d:, d:]) - log_det(r))


def cca(x, y):
    """benchmark-mi's, with scikit-learn's iterations carried to convergence: by default they stop before."""
    original = bmi.estimators.correlation.CCA
    bmi.estimators.correlation.CCA = partial(original, tol=1e-20, max_iter=100_000)
    try:
        return CCAMutualInformationEstimator().estimate(x, y)
    finally:
        bmi.estimators.correlation.CCA = original


def cases(rng):
    """(name, x, y, {estimator: parameters and estimate})."""
    ksg = lambda x, y, k: KSGEnsembleFirstEstimator(neighborhoods=(k,), metric_x="chebyshev").estimate(x, y)
    kde = lambda x, y: KDEMutualInformationEstimator(kernel_xy="gaussian").estimate(x, y)
    histogram = lambda x, y, bins: HistogramEstimator(n_bins_x=bins[0], n_bins_y=bins[1]).estimate(x, y)
    rounded = lambda pair: tuple(v.round(DIGITS) for v in pair)
    case = lambda name, x, y, **of: (name, x, y, of)

    for n, dim_x, dim_y, rho in [(300, 1, 1, 0.7), (200, 2, 3, 0.6), (150, 5, 5, 0.8), (100, 12, 10, 0.9)]:
        x, y = rounded(normal(rng, n, dim_x, dim_y, rho))
        of = {f"ksg k={k}": ksg(x, y, k) for k in (1, 5)}
        of |= {f"ksg2 k={k}": ksg2(x, y, k) for k in (1, 5)}
        of |= {"cca": cca(x, y), "gaussian-copula": gaussian_copula(x, y), "mixed-knn k=4": mixed(x, y, 4)}
        if dim_x == 1:
            of |= {"kde": kde(x, y), "histogram 5x5": histogram(x, y, (5, 5)), "histogram 4x7": histogram(x, y, (4, 7))}
            of |= {f"sklearn k={k}": mutual_info_regression(x, y[:, 0], n_neighbors=k, random_state=0)[0] for k in (1, 3)}
        if dim_x == 2:
            of |= {"histogram 3x2": histogram(x, y, (3, 2))}
        yield case(f"normal {dim_x}x{dim_y}", x, y, **of)

    # Heavy tails, and a side of another scale.
    x, y = normal(rng, 200, 2, 2, 0.5)
    x, y = rounded((1e3 * np.sinh(1.5 * x), np.tanh(y)))
    yield case("tails", x, y, **{"ksg k=3": ksg(x, y, 3), "ksg2 k=3": ksg2(x, y, 3), "cca": cca(x, y), "gaussian-copula": gaussian_copula(x, y)})

    # Labels that shift the mean, of unequal size, one of them with a single row and one with two.
    labels = np.repeat([0.0, 1.0, 2.0, 3.0, 4.0], [120, 60, 17, 2, 1])
    x = (1.2 * labels[:, None] + rng.standard_normal((200, 1))).round(DIGITS)
    y = rng.permutation(np.arange(5.0))[labels.astype(int), None]
    # The seed is that of the noise that scikit-learn adds. With other seeds its squared distances round so that a row at
    # the very radius, which is not to be counted, sometimes is.
    of = {f"ross k={k}": mutual_info_classif(x, y[:, 0], n_neighbors=k, random_state=3)[0] for k in (1, 3, 7)}
    yield case("labels", x, y, **of, **{"mixed-knn k=3": mixed(x, y, 3)})

    # Counts of a shared Poisson part, in two columns a side.
    shared = rng.poisson(1.0, (250, 1))
    x = np.hstack([shared + rng.poisson(0.3, (250, 1)), rng.integers(0, 2, (250, 1))]).astype(float)
    y = np.hstack([shared, (x[:, 1:] + rng.integers(0, 2, (250, 1))) % 3]).astype(float)
    symbols = lambda v: np.unique(v, axis=0, return_inverse=True)[1].ravel()
    yield case("counts", x, y, **{"plug-in": mutual_info_score(symbols(x), symbols(y)), "mixed-knn k=5": mixed(x, y, 5), "gaussian-copula": gaussian_copula(x, y)})

    # A mixture: half of the rows are copies of one another, the other half is continuous.
    x, y = normal(rng, 200, 1, 1, 0.8)
    x[::2], y[::2] = rng.integers(0, 3, (100, 1)), rng.integers(0, 2, (100, 1))
    x, y = rounded((x, y))
    yield case("mixture", x, y, **{f"mixed-knn k={k}": mixed(x, y, k) for k in (3, 20)})


def speed():
    """CPU seconds, the least of several runs."""
    def least(runs, f):
        times = []
        for _ in range(runs):
            start = time.process_time()
            value = f()
            times.append(time.process_time() - start)
        return min(times), float(np.ravel(value)[0])

    rng = np.random.default_rng(0)
    for n, dim in [(1_000, 1), (10_000, 1), (1_000, 5), (10_000, 5)]:
        x, y = normal(rng, n, dim, dim, 0.6)
        bench = lambda name, runs, f: print(f"{name} n={n} dims={dim}x{dim}: {least(runs, f)[0]:.4f} CPU s", flush=True)
        ksg = KSGEnsembleFirstEstimator(neighborhoods=(5,), metric_x="chebyshev")
        bench("benchmark-mi KSG", 3, lambda: ksg.estimate(x, y))
        if dim == 1:
            bench("scikit-learn mutual_info_regression", 10, lambda: mutual_info_regression(x, y[:, 0], n_neighbors=5, random_state=0))


def main():
    parser = argparse.ArgumentParser(description="write golden data for mist-baselines")
    parser.add_argument("--out", default="tests/reference/baselines.json", help="JSON file to write")
    parser.add_argument("--speed", action="store_true", help="time the references instead")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    if args.speed:
        speed()
        return

    out = []
    for name, x, y, estimates in cases(np.random.default_rng(20_261_121)):
        estimates = {k: float(v) for k, v in estimates.items()}
        if not all(np.isfinite(v) and v != 0 for v in estimates.values()):
            raise ValueError(f"`{name}`: a reference was not finite, or cut at 0: {estimates}")
        columns = lambda v: [c.tolist() for c in v.T]
        out.append({"name": name, "x": columns(x), "y": columns(y), "estimates": estimates})
        print(name, x.shape, y.shape, estimates)
    packages = ("benchmark-mi", "scikit-learn", "scipy", "numpy")
    result = {"script": "scripts/reference_baselines.py", "versions": {p: version(p) for p in packages}, "cases": out}
    Path(args.out).parent.mkdir(parents=True, exist_ok=True)
    Path(args.out).write_text(json.dumps(result, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
