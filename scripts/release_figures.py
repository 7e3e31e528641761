"""The suites of a release in one table, next to the aims: from what scripts/evaluate-release wrote to DIR.

  target/venv-operations/bin/python scripts/release_figures.py DIR

Seed 0 is that of every suite, M_test has seeds 1 to 5. Squared errors in nats², others in nats. Writes the table of docs/results/ to standard output.
"""

import argparse
import csv
import re
from pathlib import Path

import numpy as np

M_TEST = [("in-meta", "m_test_imd", (1.8, 0.20, 0.10)), ("out-of-meta", "m_test_oomd", (2.5, 0.30, 0.12))]
ROWS = [("n ≤ 100", 0, 100), ("101–300", 101, 300), ("> 300", 301, np.inf)]
NUMBERS = ["n", "dim_x", "dim_y", "mi_nats", "estimate", "lower", "upper"]


class Estimates:
    """Answers of mist to the tables of a report, as columns."""

    def __init__(self, rows):
        self.rows = rows
        for name in NUMBERS:
            setattr(self, name, np.array([float(row[name]) for row in rows]))
        self.suite = np.array([row["suite"] for row in rows])

    @classmethod
    def read(cls, folders):
        rows = []
        for folder in folders:
            with open(folder / "estimates.csv", newline="") as file:
                rows += [row for row in csv.DictReader(file) if row["estimator"] == "mist"]
        return cls(rows)

    def where(self, mask):
        return Estimates([row for row, chosen in zip(self.rows, mask) if chosen])

    def of(self, suite):
        return self.where(self.suite == suite)

    def mae(self):
        return np.abs(self.estimate - self.mi_nats).mean()

    def mse(self):
        return np.square(self.estimate - self.mi_nats).mean()

    def covered(self):
        return 100 * ((self.lower <= self.mi_nats + 1e-9) & (self.mi_nats - 1e-9 <= self.upper)).mean()


def worse_groups(report):
    """Of the groups in which another estimator is better, but for those of `sense`: how many times its squared error is smaller."""
    table = report.split("## Where mist is worse")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if re.match(r"\| [a-z_]+ \|", line)]
    return [float(row[6]) for row in rows if row[0] not in ("suite", "sense")]


def figures(folder):
    """Suite, measure, values, aims (the largest values allowed, or pairs of a least and a largest one)."""
    seed_0 = Estimates.read([folder / "seed-0"])
    m_test = Estimates.read([folder / f"seed-{seed}" for seed in range(1, 6)])
    bmi = seed_0.of("bmi")
    few = bmi.where((bmi.dim_x <= 5) & (bmi.dim_y <= 5))
    single = bmi.where((bmi.dim_x == 1) & (bmi.dim_y == 1))
    at = lambda of, n: of.where(of.n == n).mae()
    yield "`benchmark-mi`, at most 5 columns a side, n = 500 / 2,000", "MAE", [at(few, 500), at(few, 2000)], [0.035, 0.018]
    yield "its 1-D tasks, n = 2,000", "MAE", [at(single, 2000)], [0.015]
    yield "all 40 tasks, n = 500", "MAE", [at(bmi, 500)], [0.07]
    for name, suite, aims in M_TEST:
        of = m_test.of(suite)
        bins = [of.where((least <= of.n) & (of.n <= most)) for _, least, most in ROWS]
        where = f"M_test {name}, " + " / ".join(rows for rows, _, _ in ROWS)
        yield where + ", five seeds", "MSE", [part.mse() for part in bins], list(aims)
        yield where, "90 % covers, %", [part.covered() for part in bins], [(88, 92)] * 3
    for name, suite, aim in [("held-out families", "held_out", 0.10), ("discrete suite", "discrete", 0.06)]:
        more = [Estimates.read([folder / f"seed-{seed}"]).of(suite) for seed in range(1, 4)]
        yield name, "MAE", [seed_0.of(suite).mae()], [aim]
        yield name, "90 % covers, %", [seed_0.of(suite).covered()], [(85, 95)]
        yield name + ", seeds 1 / 2 / 3", "MAE", [of.mae() for of in more], [aim] * 3
        yield name + ", seeds 1 / 2 / 3", "90 % covers, %", [of.covered() for of in more], [(85, 95)] * 3
    independent = seed_0.of("independence")
    independent = independent.where(independent.n >= 100)
    yield "independent pairs, n ≥ 100", "mean estimate", [independent.estimate.mean()], [0.01]
    yield "independent pairs, n ≥ 100", "lower end above 0.01, %", [100 * (independent.lower > 0.01).mean()], [5]
    yield "`sense`", "MAE", [seed_0.of("sense").mae()], []
    times = worse_groups((folder / "seed-0" / "REPORT.md").read_text())
    yield "groups in which another estimator is better, `sense` apart", "count", [len(times)], [6]
    yield "by more than 1.5", "count", [sum(t > 1.5 for t in times)], [0]


def cell(value, aim):
    """A value as it is shown; in bold where that meets the aim."""
    text = f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.2f}" if value >= 0.2 else f"{value:.3f}"
    least, most = aim if isinstance(aim, tuple) else (-np.inf, np.inf if aim is None else aim)
    return f"**{text}**" if aim is not None and least <= float(text) <= most else text


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    args = arguments.parse_args()
    print("In bold: the aim is met.\n\n| suite | measure | value | aim |\n|---|---|---|---|")
    for suite, measure, values, aims in figures(args.folder):
        shown = " / ".join(cell(v, a) for v, a in zip(values, aims or [None] * len(values)))
        aim = " / ".join(dict.fromkeys(f"{a[0]}–{a[1]}" if isinstance(a, tuple) else f"{a:g}" for a in aims))
        print(f"| {suite} | {measure} | {shown} | {aim} |")


if __name__ == "__main__":
    main()
