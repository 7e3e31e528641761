"""The 40 tasks of benchmark-mi at any number of rows: error, coverage, and how wide the intervals are next to what can be attained.

  python3 -m venv target/venv-operations && target/venv-operations/bin/pip install -r scripts/requirements-operations.txt
  target/venv-operations/bin/python scripts/benchmark_mi.py [--checkpoint FILE] [--rows 500,2000,10000] [--repeats 2] [--seed 5]

No estimator of MI from n rows can do better than a 90 % interval of 3.29 sd(pointwise MI) / sqrt(n), since the efficient influence
function of MI is the pointwise MI less its mean; that width is computed here from the true pointwise values. The attainable MAE is that of
the mean of the true pointwise values of the same rows. Tables of at most 5 columns a side are counted by themselves. Writes the tables of docs/results/ to standard output.
"""

import re

import numpy as np
from operations_common import ROOT, Mist, parser

FEW = 5
# Of tables whose pointwise MI does not vary the attainable width is 0.
FLAT = 0.01


def main():
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--rows", default="500,2000,10000")
    arguments.add_argument("--repeats", type=int, default=2)
    arguments.add_argument("--seed", type=int, default=5)
    args = arguments.parse_args()
    mist = Mist(args)
    print("| rows | columns a side | tables | MAE | attainable MAE | worst | 90 % covers | width over the attainable, median | CPU, s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for rows in map(int, args.rows.split(",")):
        config = (ROOT / "data-gen/configs/bmi.toml").read_text()
        config = re.sub(r"values = .*", f"values = [{rows}]", config)
        config = re.sub(r"repeats = .*", f"repeats = {args.repeats}", config)
        (mist.work / "bmi.toml").write_text(config)
        tables = mist.suite(mist.work / "bmi.toml", args.seed)
        pairs = [(np.ascontiguousarray(x), np.ascontiguousarray(y)) for x, y, _, _ in tables]
        answers, used = mist.pairs("pairs", pairs)
        truth = np.array([mi for _, _, mi, _ in tables])
        error = np.array([a["mi"] for a in answers]) - truth
        low, high = (np.array([a["interval"][end] for a in answers]) for end in ("lower", "upper"))
        spread = np.array([pointwise.std() for _, _, _, pointwise in tables])
        least = np.array([abs(pointwise.mean() - mi) for _, _, mi, pointwise in tables])
        few = np.array([max(x.shape[1], y.shape[1]) <= FEW for x, y in pairs])
        for name, chosen in [(f"at most {FEW}", few), ("all", few | True)]:
            wide = chosen & (spread > FLAT)
            ratio = (high - low)[wide] / (3.29 * spread[wide] / np.sqrt(rows))
            covered = np.mean((low <= truth)[chosen] & (truth <= high)[chosen])
            print(
                f"| {rows} | {name} | {chosen.sum()} | {np.abs(error[chosen]).mean():.3f} | {least[chosen].mean():.3f} "
                f"| {np.abs(error[chosen]).max():.2f} | {covered:.0%} | {np.median(ratio):.2f} | {used.cpu:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
