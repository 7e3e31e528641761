"""How small the error of any estimator can be on the suites: the error of the mean of the true pointwise values of the rows.

  target/venv-operations/bin/python scripts/attainable.py [--suites discrete,held_out,bmi,m_test_imd,m_test_oomd] [--seed 0]

The efficient influence function of MI is the pointwise MI less its mean: from n rows nobody does better for large n, not even who
knows the law up to its parameters. From few rows a prior may help: an estimator that answers 0 where nothing shows is ahead of this
on independent data. Writes the table of docs/results/ to standard output.
"""

import numpy as np
from operations_common import Mist, parser

BINS = [("n ≤ 100", 0, 100), ("101–300", 101, 300), ("> 300", 301, np.inf), ("all", 0, np.inf)]


def main():
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--suites", default="discrete,held_out,bmi,m_test_imd,m_test_oomd")
    arguments.add_argument("--seed", type=int, default=0)
    args = arguments.parse_args()
    mist = Mist(args)
    print("| suite | rows | tables | attainable MAE | attainable MSE |")
    print("|---|---|---|---|---|")
    for suite in args.suites.split(","):
        tables = mist.suite(suite, args.seed)
        rows, error = np.array([(len(x), pointwise.mean() - mi) for x, _, mi, pointwise in tables]).T
        for name, least, most in BINS:
            chosen = error[(least <= rows) & (rows <= most)]
            if len(chosen):
                print(f"| {suite} | {name} | {len(chosen)} | {np.abs(chosen).mean():.3f} | {np.square(chosen).mean():.4f} |", flush=True)


if __name__ == "__main__":
    main()
