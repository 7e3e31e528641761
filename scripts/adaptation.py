#!/usr/bin/env python3
"""Adapts a checkpoint to three kinds of data whose mutual information is known, and measures it before and after.

    python3 -m venv target/venv-adaptation && target/venv-adaptation/bin/pip install -r scripts/requirements-operations.txt
    target/venv-adaptation/bin/python scripts/adaptation.py target/adaptation --mist target/release/mist \
        --report docs/results/adaptation.md

For each kind: one table of 4,000 rows that `mist adapt` sees, and sixty fresh data sets of other dependences between
sides of the same law, on which both checkpoints are asked by `mist estimate`; then the general suites, by `mist
evaluate`. What is there already is not made again. The part of the report between its marks is replaced.

The kinds, none of which any training mix has:

patches   3 x 4 pixels of two images. Normal fields of covariance exp(-distance/1.5) whose principal components are
          correlated one by one; then, in raster order, each pixel's contrast follows the mean of its left and upper
          neighbours as they came out, p_i = g_i exp(0.8 tanh(mean)), a bijection; then exp(p/2).
          I = -1/2 sum ln(1 - rho^2).
returns   Ten days of two assets. Innovations (e, f) of each day are bivariate Student of 4 degrees of freedom, days are
          independent; r_t = s_t e_t, s_t^2 = 0.05 + 0.35 r_(t-1)^2 + 0.25 r_(t-1)^2 [r_(t-1) < 0] + 0.45 s_(t-1)^2,
          s_1 = 1: a bijection of each side. I is that of the Student pairs, summed over the days that are coupled.
spikes    Counts of eight neurons in each of two areas: Poisson, with rates that depend on the area's state, one of four;
          the states are uniform, and agree (up to a permutation) with probability lambda, else are independent.
          I by the mean of the pointwise MI of 200,000 rows: within 0.006 nats.
"""

import argparse
import csv
import io
import json
import subprocess
import time
from pathlib import Path

import numpy as np
from scipy.special import digamma, gammaln, logsumexp

ROWS_TO_ADAPT = 4000
SIZES = (200, 500, 2000)
REPEATS = 20
START, END = "<!-- figures -->", "<!-- end -->"


# Patches ------------------------------------------------------------------------------------------------------------

HEIGHT, WIDTH = 3, 4


def field():
    """Factor F of the covariance of the fields, with the principal components in its columns."""
    place = np.array([(i, j) for i in range(HEIGHT) for j in range(WIDTH)], float)
    distance = np.linalg.norm(place[:, None] - place[None], axis=-1)
    values, vectors = np.linalg.eigh(np.exp(-distance / 1.5))
    return (vectors * np.sqrt(values))[:, ::-1]


def contrast(g):
    p = np.empty_like(g)
    for i in range(HEIGHT):
        for j in range(WIDTH):
            near = [p[:, (i - 1) * WIDTH + j]] * (i > 0) + [p[:, i * WIDTH + j - 1]] * (j > 0)
            mean = np.mean(near, axis=0) if near else 0.0
            k = i * WIDTH + j
            p[:, k] = g[:, k] * np.exp(0.8 * np.tanh(mean)) if near else g[:, k]
    return np.exp(0.5 * p)


def patches(n, nats, rng):
    d = HEIGHT * WIDTH
    pairs = rng.integers(1, d + 1)
    share = rng.exponential(size=pairs)
    rho = np.zeros(d)
    rho[rng.permutation(d)[:pairs]] = np.sqrt(1 - np.exp(-2 * nats * share / share.sum()))
    gx, e = rng.standard_normal((2, n, d))
    gy = rho * gx + np.sqrt(1 - rho**2) * e
    factor = field()
    return contrast(gx @ factor.T), contrast(gy @ factor.T), -0.5 * np.log1p(-(rho**2)).sum()


# Returns ------------------------------------------------------------------------------------------------------------

DAYS, NU = 10, 4.0


def student_pair_nats(rho):
    def h(k):
        half = (NU + k) / 2
        return -gammaln(half) + gammaln(NU / 2) + k / 2 * np.log(NU * np.pi) + half * (digamma(half) - digamma(NU / 2))

    return -0.5 * np.log1p(-(rho**2)) + 2 * h(1) - h(2)


def volatility(e):
    r, s2 = np.empty_like(e), np.ones(len(e))
    for t in range(e.shape[1]):
        r[:, t] = np.sqrt(s2) * e[:, t]
        s2 = 0.05 + (0.35 + 0.25 * (r[:, t] < 0)) * r[:, t] ** 2 + 0.45 * s2
    return r


def returns(n, nats, rng):
    days = rng.integers(1, DAYS + 1)
    # Student pairs are dependent even without correlation: fewer days where that would be too much already.
    while days > 1 and days * student_pair_nats(0.0) > nats:
        days -= 1
    low, high = 0.0, 1 - 1e-9
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if days * student_pair_nats(middle) < nats else (low, middle)
    rho = low
    a, b = rng.standard_normal((2, n, DAYS))
    scale = np.sqrt(NU / rng.chisquare(NU, (2, n, DAYS)))
    coupled = np.zeros(DAYS, bool)
    coupled[rng.permutation(DAYS)[:days]] = True
    y = np.where(coupled, rho * a + np.sqrt(1 - rho**2) * b, b)
    e, f = a * scale[0], y * np.where(coupled, scale[0], scale[1])
    unit = np.sqrt((NU - 2) / NU)
    return volatility(unit * e), volatility(unit * f), days * student_pair_nats(rho)


# Spikes -------------------------------------------------------------------------------------------------------------

STATES, NEURONS = 4, 8


def rates(area):
    return 0.5 + np.random.default_rng(1000 + area).gamma(1.0, 2.5, (STATES, NEURONS))


def spikes(n, nats, rng):
    order = rng.permutation(STATES)
    tables = [rates(0), rates(1)]

    def draw(n, agree, rng):
        s = rng.integers(STATES, size=n)
        t = np.where(rng.random(n) < agree, order[s], rng.integers(STATES, size=n))
        return rng.poisson(tables[0][s]), rng.poisson(tables[1][t])

    def truth(agree, n=200_000):
        x, y = draw(n, agree, np.random.default_rng(7))

        def log_likelihood(counts, table):
            return counts @ np.log(table).T - table.sum(1) - gammaln(counts + 1).sum(1)[:, None]

        lx, ly = log_likelihood(x, tables[0]), log_likelihood(y, tables[1])
        joint = np.full((STATES, STATES), (1 - agree) / STATES**2)
        joint[np.arange(STATES), order] += agree / STATES
        both = logsumexp(lx[:, :, None] + ly[:, None, :] + np.log(joint + 1e-300), axis=(1, 2))
        return np.mean(both - logsumexp(lx, 1) - logsumexp(ly, 1) + 2 * np.log(STATES))

    # The MI grows about as the square of the share of the rows whose states agree.
    agree = min(1.0, np.sqrt(nats / 1.3))
    x, y = draw(n, agree, rng)
    return x.astype(float), y.astype(float), max(0.0, truth(agree))


KINDS = {"patches": (patches, 4.0), "returns": (returns, 4.0), "spikes": (spikes, 1.3)}


# Runs ---------------------------------------------------------------------------------------------------------------


def make(folder, kind):
    """The table to adapt to, and the fresh data sets with their truths."""
    draw, most = KINDS[kind]
    place = folder / kind
    place.mkdir(parents=True, exist_ok=True)
    truths = place / "truths.json"
    if truths.exists():
        return place, json.loads(truths.read_text())
    seed = 20261122 + 1000 * list(KINDS).index(kind)
    x, y, _ = draw(ROWS_TO_ADAPT, 0.4 * most, np.random.default_rng(seed))
    np.save(place / "X.npy", x), np.save(place / "Y.npy", y)
    rows, lines = [], []
    for n in SIZES:
        for repeat in range(REPEATS):
            rng = np.random.default_rng([seed, n, repeat])
            # Every fifth one independent, the others evenly on the scale ln(1 + I).
            level = 0.0 if repeat % 5 == 0 else np.expm1(rng.uniform(0, np.log1p(most)))
            if kind == "returns" and level == 0.0:
                x, y, nats = *(draw(n, 0.5, rng)[0] for _ in range(2)), 0.0
            else:
                x, y, nats = draw(n, level, rng)
            name = f"{n}-{repeat}"
            np.save(place / f"{name}.x.npy", x), np.save(place / f"{name}.y.npy", y)
            rows.append({"id": name, "n": n, "nats": float(nats)})
            lines.append(json.dumps({"id": name, "x": f"{name}.x.npy", "y": f"{name}.y.npy"}))
    (place / "pairs.jsonl").write_text("\n".join(lines) + "\n")
    truths.write_text(json.dumps(rows))
    return place, rows


def run(command, to=None):
    print(" ".join(map(str, command)), flush=True)
    if to is not None and to.exists():
        return to.read_text()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    if to is not None:
        to.write_text(done.stdout)
    return done.stdout


def answers(mist, place, checkpoint, name):
    chosen = ["--checkpoint", checkpoint] if checkpoint else []
    text = run([mist, "--quiet", "estimate", "--batch", place / "pairs.jsonl", *chosen], place / f"{name}.jsonl")
    return {line["id"]: line for line in map(json.loads, text.splitlines())}


def score(rows, found):
    """Errors of each data set, whether its interval covers, and the mean width of intervals."""
    error, covered, width = [], [], []
    for row in rows:
        line = found[row["id"]]
        low, high = line["interval"]["lower"], line["interval"]["upper"]
        error.append(line["mi"] - row["nats"])
        covered.append(low - 1e-9 <= row["nats"] <= high + 1e-9)
        width.append(high - low)
    return np.array(error), np.mean(covered), np.mean(width)


def change(before, after):
    """How much larger the mean absolute error is after, in percent of before, and the standard error of that difference,
    since both are of the same data sets."""
    difference = np.abs(after) - np.abs(before)
    scale = 100 / np.abs(before).mean()
    return f"{scale * difference.mean():+.1f} ({scale * difference.std(ddof=1) / np.sqrt(len(difference)):.1f}) %"


def suites(mist, folder, checkpoint, name, limit):
    """Errors of the tasks of each general suite, and coverage."""
    out = {}
    for suite in ("m-test", "bmi", "held-out", "discrete", "independence"):
        to = folder / "suites" / name / suite
        chosen = ["--checkpoint", checkpoint] if checkpoint else []
        if not (to / "REPORT.md").exists():
            run([mist, "--quiet", "evaluate", "--suite", suite, "--limit", limit, "--out", to, *chosen])
        rows = list(csv.DictReader(io.StringIO((to / "estimates.csv").read_text())))
        rows = [row for row in rows if row["estimate"]]
        truth, estimate, lower, upper = (
            np.array([float(row[key]) for row in rows]) for key in ("mi_nats", "estimate", "lower", "upper")
        )
        inside = (lower - 1e-9 <= truth) & (truth <= upper + 1e-9)
        out[suite] = (estimate - truth, inside.mean())
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mist", type=Path, default=Path("target/release/mist"))
    parser.add_argument("--kinds", default=",".join(KINDS), help="those that are measured")
    parser.add_argument("--max-minutes", default="8", help="fine-tuning of each kind")
    parser.add_argument("--adapt-options", default="", help="further words for `mist adapt`")
    parser.add_argument("--limit", default="300", help="data sets of each general suite")
    parser.add_argument("--data-only", action="store_true")
    parser.add_argument("--report", type=Path)
    args = parser.parse_args()
    table = [
        "| data | n | data sets | mean absolute error, nats: before | after | change (standard error) | bias: before | after "
        "| 90 % interval covers: before | after | its width: before | after |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    general, reports = {}, []
    for kind in args.kinds.split(","):
        place, rows = make(args.folder, kind)
        if args.data_only:
            continue
        out = place / "adapted"
        if not (out / "REPORT.md").exists():
            began = time.time()
            run([args.mist, "adapt", place / "X.npy", place / "Y.npy", "--out", out, "--max-minutes", args.max_minutes,
                 *args.adapt_options.split()])
            (place / "seconds.txt").write_text(f"{time.time() - began:.0f}\n")
        adapted = out / "adapted.safetensors"
        before, after = answers(args.mist, place, None, "before"), answers(args.mist, place, adapted, "after")
        for n in (*SIZES, None):
            some = [row for row in rows if n in (row["n"], None)]
            (b, b_in, b_width), (a, a_in, a_width) = score(some, before), score(some, after)
            table.append(
                f"| {kind} | {n or 'all'} | {len(some)} | {np.abs(b).mean():.3f} | {np.abs(a).mean():.3f} | {change(b, a)} "
                f"| {b.mean():+.3f} | {a.mean():+.3f} | {100 * b_in:.0f} % | {100 * a_in:.0f} % | {b_width:.2f} | {a_width:.2f} |"
            )
        seconds = (place / "seconds.txt").read_text().strip()
        text = (out / "REPORT.md").read_text().split("\n", 1)[1].replace("\n## ", "\n#### ").strip()
        reports.append(f"### {kind}: what `mist adapt` says of itself ({seconds} s)\n\n{text}\n")
        if int(args.limit) > 0:
            general[kind] = suites(args.mist, args.folder, adapted, kind, args.limit)
    if args.data_only:
        return
    text = "\n".join(table) + "\n\n"
    if general:
        first = suites(args.mist, args.folder, None, "before", args.limit)
        text += "Mean absolute error in nats, coverage of the 90 % interval, and by how much the error grew (standard error).\n\n"
        text += "| general suite | data sets | before |"
        text += "".join(f" adapted to {kind} |" for kind in general) + "\n|---|---|---|" + "---|" * len(general) + "\n"
        for suite, (errors, inside) in first.items():
            text += f"| {suite} | {len(errors)} | {np.abs(errors).mean():.4f}, {100 * inside:.1f} % |"
            for of in general.values():
                e, i = of[suite]
                text += f" {np.abs(e).mean():.4f}, {100 * i:.1f} %, {change(errors, e)} |"
            text += "\n"
    text += "\n" + "\n".join(reports)
    print(text)
    if args.report:
        page = args.report.read_text()
        head, rest = page.split(START, 1)
        args.report.write_text(head + START + "\n" + text + END + rest.split(END, 1)[1])


if __name__ == "__main__":
    main()
