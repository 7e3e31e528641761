#!/usr/bin/env python3
"""Tests of independence: errors of the first kind on null tables, and power next to other tests.

Environment: python3 -m venv target/venv-operations, then pip install -r scripts/requirements-operations.txt. Then:
    target/venv-operations/bin/python scripts/operations_independence.py null --checkpoint NAME.safetensors
    target/venv-operations/bin/python scripts/operations_independence.py power --checkpoint NAME.safetensors

`null`: tables of independent sides, of 20 to 300 rows and one to three columns a side, continuous, rounded and binary, by
turns; in brackets, where 99 % of exact tests lie. `power`: eight alternatives at three n. Distance correlation (dcor) and HSIC (hyppo, Gaussian kernel, median width)
see the values and permute rows; the estimate of Kraskov et al. (k = 5) sees normal scores, like mist, so that one null
distribution per n serves for all data, as it does for mist. All at level 5 %, all with as many permutations.
"""

from operations_common import Mist, parser

import numpy as np
from scipy.stats import binom, norm, rankdata


def null_tables(count, seed):
    rng = np.random.default_rng(seed)
    shapes = [(1, 1), (1, 1), (2, 1), (3, 3)]
    for i in range(count):
        n = int(np.exp(rng.uniform(np.log(20), np.log(300))))
        dims = shapes[i % len(shapes)]
        sides = [rng.standard_t(3, (n, d)) if i % 2 else rng.uniform(size=(n, d)) for d in dims]
        if i % 5 == 1:
            sides[0] = np.round(2 * sides[0])
        if i % 5 == 3:
            sides = [np.where(s > np.median(s), 1.0, 0.0) for s in sides]
        kind = {1: "rounded", 3: "binary"}.get(i % 5, "continuous") + (", single columns" if dims == (1, 1) else "")
        # A constant side is no test.
        if all(np.ptp(s, axis=0).min() > 0 for s in sides):
            yield kind, sides


def null(args):
    mist = Mist(args)
    kinds, tables = zip(*null_tables(args.tables, args.seed))
    kinds = np.array(kinds)
    print("| p-value | tables | count | 1 % | 5 % | 10 % | seconds of a core |\n|---|---|---|---|---|---|---|")
    for test in ["permutation"] if args.no_amortised else ["permutation", "amortised"]:
        options = ["--permutations", args.permutations] if test == "permutation" else []
        # The table of quantiles serves no data with ties.
        asked = np.array([test == "permutation" or kind.startswith("continuous") for kind in kinds])
        answers, used = mist.pairs("null", [t for t, wanted in zip(tables, asked) if wanted], "--test", test, *options)
        p = np.array([a["p_value"] for a in answers])
        for kind in ["all", *sorted(set(kinds[asked]))]:
            part = p[(kinds[asked] == kind) | (kind == "all")]
            shares = []
            for alpha in (0.01, 0.05, 0.1):
                low, high = binom.ppf([0.005, 0.995], len(part), alpha) / len(part)
                shares.append(f"{np.mean(part <= alpha):.1%} ({low:.1%} to {high:.1%})")
            print(f"| {test} | {kind} | {len(part)} | " + " | ".join(shares) + f" | {used.cpu:.0f} |", flush=True)


ALTERNATIVES = {
    "linear": lambda x, e: x + 3.0 * e,
    "parabola": lambda x, e: x**2 + 1.5 * e,
    "sine": lambda x, e: np.sin(4 * x) + 1.2 * e,
    "circle": None,
    "cross": None,
    "heteroscedastic": lambda x, e: (0.3 + np.abs(x)) * e,
    "step": lambda x, e: np.sign(x) + 2.5 * e,
    "checkerboard": None,
}


def draw(name, n, rng):
    x, e = rng.standard_normal(n), rng.standard_normal(n)
    if name == "circle":
        a = rng.uniform(0, 2 * np.pi, n)
        return np.cos(a) + 0.5 * x, np.sin(a) + 0.5 * e
    if name == "cross":
        return x, np.where(rng.random(n) < 0.5, x, -x) + 1.0 * e
    if name == "checkerboard":
        column = rng.integers(0, 4, n)
        row = 2 * rng.integers(0, 2, n) + column % 2
        return column + rng.random(n) + 0.3 * x, row + rng.random(n) + 0.3 * e
    return x, ALTERNATIVES[name](x, e)


def scores(v):
    return norm.ppf((rankdata(v) - 0.5) / len(v))


def ksg(x, y, k=5):
    from scipy.spatial import cKDTree
    from scipy.special import digamma

    points = np.column_stack([scores(x), scores(y)])
    radius = cKDTree(points).query(points, k + 1, p=np.inf)[0][:, -1]
    counts = []
    for side in points.T:
        ordered = np.sort(side)
        left = np.searchsorted(ordered, side - radius, "right")
        counts.append(np.searchsorted(ordered, side + radius, "left") - left)
    return digamma(k) + digamma(len(x)) - np.mean(digamma(counts[0]) + digamma(counts[1]))


def power(args):
    import dcor

    mist, rng = Mist(args), np.random.default_rng(args.seed)
    b = args.permutations
    print(f"{args.tables} tables a cell, {b} permutations, level 5 %")
    print("| alternative | n | mist | mist, amortised | distance correlation | HSIC | KSG |\n|---|---|---|---|---|---|---|")
    for n in args.n:
        base = np.arange(n, dtype=float)
        null = np.sort([ksg(base, rng.permutation(base)) for _ in range(b)])
        for name in ALTERNATIVES:
            pairs = [draw(name, n, rng) for _ in range(args.tables)]
            columns = [(x[:, None], y[:, None]) for x, y in pairs]
            answers, _ = mist.pairs("power", columns, "--test", "permutation", "--permutations", b)
            shares = [np.mean([a["p_value"] <= 0.05 for a in answers])]
            if args.no_amortised:
                shares.append(np.nan)
            else:
                answers, _ = mist.pairs("power", columns, "--test", "amortised")
                shares.append(np.mean([a["p_value"] <= 0.05 for a in answers]))
            test = dcor.independence.distance_covariance_test
            shares.append(np.mean([test(x, y, num_resamples=b, random_state=rng).pvalue <= 0.05 for x, y in pairs]))
            shares.append(np.mean([hsic(x, y, b, rng) <= 0.05 for x, y in pairs]))
            above = [b - np.searchsorted(null, ksg(x, y)) for x, y in pairs]
            shares.append(np.mean([(a + 1) / (b + 1) <= 0.05 for a in above]))
            print(f"| {name} | {n} | " + " | ".join("" if np.isnan(s) else f"{s:.2f}" for s in shares) + " |", flush=True)


def hsic(x, y, permutations, rng):
    """Kernel matrices once: permutations of hyppo's statistic are permutations of one of them."""
    kx, ky = (gaussian(v) for v in (x, y))
    statistic = np.sum(kx * ky)
    above = 0
    for _ in range(permutations):
        order = rng.permutation(len(x))
        above += np.sum(kx * ky[np.ix_(order, order)]) >= statistic
    return (above + 1) / (permutations + 1)


def gaussian(v):
    """The centred kernel matrix of hyppo's Hsic: a Gaussian of the median distance."""
    from hyppo.tools import compute_kern

    k = compute_kern(v[:, None], v[:, None], metric="gaussian")[0]
    k = k - k.mean(axis=0)
    return k - k.mean(axis=1)[:, None]


def main():
    p = parser("measure tests of independence")
    p.add_argument("what", choices=["null", "power"])
    p.add_argument("--tables", type=int, help="tables, of each cell for power [default: 1000, 100]")
    p.add_argument("--permutations", type=int, default=199)
    p.add_argument("--n", type=int, nargs="+", default=[50, 100, 200], help="rows, for power")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--no-amortised", action="store_true", help="the checkpoint has no table for p-values from its quantiles")
    args = p.parse_args()
    args.tables = args.tables or (1000 if args.what == "null" else 100)
    (null if args.what == "null" else power)(args)


if __name__ == "__main__":
    main()
