"""How far pointwise values are to be trusted: their correlation with the truth, row by row, on tasks that know it.

  python3 -m venv target/venv-operations && target/venv-operations/bin/pip install -r scripts/requirements-operations.txt
  target/venv-operations/bin/python scripts/pointwise_trust.py [--checkpoint FILE] [--tasks 240] [--seed 5]

Writes the table of docs/results/mist-2026-12u.md to standard output. Categories are asked as numbers.
"""

import numpy as np
from operations_common import Mist, parser

SUITES = ["m_test_imd", "m_test_oomd", "held_out", "discrete"]
BINS = [(10, 100), (101, 500), (501, 8000)]
# Below this standard deviation in nats there is nothing to tell apart.
FLAT = 0.05


def tasks(mist, suite, count, seed):
    """Tables of a suite with the truth of every row, spread over the suite."""
    every = mist.suite(suite, seed)
    yield from every[:: max(1, len(every) // count)]


def main():
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--tasks", type=int, default=240, help="tables of each suite, about")
    arguments.add_argument("--seed", type=int, default=5, help="of the suites")
    args = arguments.parse_args()
    mist = Mist(args)
    print("| suite | rows | tables | correlation: median | lowest tenth | RMSE over the sd of the truth, median |")
    print("|---|---|---|---|---|---|")
    for suite in SUITES:
        found = {b: [] for b in BINS}
        for x, y, _, truth in tasks(mist, suite, args.tasks, args.seed):
            if truth.std() < FLAT or len(truth) < 10:
                continue
            np.save(mist.work / "x.npy", np.ascontiguousarray(x))
            np.save(mist.work / "y.npy", np.ascontiguousarray(y))
            (mist.work / "rows.csv").unlink(missing_ok=True)
            mist.run("--quiet", "estimate", "x.npy", "y.npy", "--pointwise", "rows.csv")
            told = np.genfromtxt(mist.work / "rows.csv", delimiter=",", names=True)["pointwise_nats"]
            close = np.corrcoef(told, truth)[0, 1] if told.std() > 0 else 0.0
            off = np.sqrt(np.mean((told - truth) ** 2)) / truth.std()
            where = next(b for b in BINS if b[0] <= len(truth) <= b[1])
            found[where].append((close, off))
        for (low, high), pairs in found.items():
            if pairs:
                close, off = np.array(pairs).T
                print(
                    f"| {suite} | {low} to {high} | {len(pairs)} | {np.median(close):.2f} "
                    f"| {np.quantile(close, 0.1):.2f} | {np.median(off):.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
