#!/usr/bin/env python3
"""Writes public tables that PyPI packages carry, asks `mist estimate` about each, and puts the answers beside others.

Environment: see requirements-tables.txt. Then:
    target/venv-tables/bin/python scripts/public_tables.py target/tables
    target/venv-tables/bin/python scripts/public_tables.py target/tables --mist target/release/mist \
        --report docs/results/real-data.md

The first line writes the tables alone, the second also asks the questions and replaces the part of the report between
its marks `<!-- answers -->` and `<!-- end -->`. Nothing is downloaded: every table is a file of a package.

The others, in nats: scikit-learn's `mutual_info_regression` or `mutual_info_classif` (of several columns of X the best
one, since it takes one at a time: what all of them say together is no less), and the nearest neighbours of Kraskov et
al. (2004, equation 8) or, for a category, of Ross (2014, equation 2), of all columns of X together, by ranks.
"""

import argparse
import json
import subprocess
from pathlib import Path

import numpy as np
import palmerpenguins
import pandas as pd
import statsmodels.api as sm
from scipy.special import digamma
from sklearn import datasets
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression
from sklearn.neighbors import KDTree, NearestNeighbors
from vega_datasets import local_data

NEIGHBOURS = 3

# File, X, Y, further options, and what somebody who has the table wants to know; then what an answer must be like to
# make sense, said without having seen one.
QUESTIONS = [
    ("penguins.csv", "species", "body_mass_g", [], "How much does the species say about the mass of a penguin?",
     "clearly above 0: Gentoos are heavier; below ln 3 = 1.10"),
    ("penguins.csv", "bill_length_mm,bill_depth_mm", "flipper_length_mm", [], "Does the bill tell the flipper?",
     "about that of a correlation of 0.7, 0.35, or more: the species decides both"),
    ("iris.parquet", "petal*", "species", [], "How well do petals tell the species?",
     "nearly all of ln 3 = 1.10"),
    ("wine.csv", "1..13", "cultivar", ["--categorical", "cultivar"], "Do thirteen measurements tell the cultivar?",
     "nearly all of the entropy of the cultivar, 1.09"),
    ("breast-cancer.parquet", "mean*", "diagnosis", [], "Do ten measurements tell the diagnosis?",
     "most of the entropy of the diagnosis, 0.66"),
    ("diabetes.csv", "bmi", "progression", [], "Does the body mass index tell how diabetes goes on?",
     "about that of a correlation of 0.59, 0.21"),
    ("diabetes.csv", "age", "sex", ["--categorical", "sex"], "Do age and sex go together?", "little: 0 to 0.05"),
    ("digits.npz", "pixels", "digit", ["--categorical", "digit"], "Do 64 pixels tell the digit?",
     "nearly all of ln 10 = 2.30; more columns than the network was trained on"),
    ("survey.csv", "PID", "vote", ["--categorical", "PID,vote"], "Does the party tell the vote? (both are codes)",
     "0.3 to 0.5: of party supporters nine in ten vote for their party; below ln 2 = 0.69"),
    ("survey.csv", "TVnews", "vote", ["--categorical", "vote"], "Do evenings before the news tell the vote?",
     "next to nothing"),
    ("weather.csv.gz", "precipitation,temp_max,temp_min,wind", "weather", [], "Do instruments tell the word for the day?",
     "much: rain is rain; below the entropy of the word, 1.20"),
    ("weather.csv.gz", "date", "temp_max", [], "Does the date tell the warmth? (four years, a wave)",
     "much, about 0.8: the seasons; neither rises, so a correlation is near 0"),
    ("co2.csv", "date", "co2", [], "Does the date tell the carbon dioxide? (a sensor with gaps)",
     "very much, 2 to 4: a rising curve with a season"),
    ("fertility.csv", "1970", "2010", [], "Do births of 1970 tell those of 2010? (one column a year, with gaps)",
     "about that of a rank correlation of 0.8, 0.5"),
    ("cars.csv", "Origin,Cylinders", "Miles_per_Gallon", ["--categorical", "Cylinders"],
     "Do origin and cylinders tell the mileage?", "much, 0.5 to 1: cylinders come in 4, 6 and 8"),
    ("airports.csv", "longitude,latitude", "state", [], "Does the place of an airport tell its state?",
     "nearly all of the entropy of the state, 3.7"),
    ("airports.csv", "latitude", "longitude", [], "Do the coordinates of airports depend on each other?",
     "some, 0.3 to 0.8: the outline of the country, Alaska, the islands"),
]


def frames():
    """Each table, by the name of its file."""
    iris, wine, cancer, diabetes = (
        load(as_frame=True) for load in
        (datasets.load_iris, datasets.load_wine, datasets.load_breast_cancer, datasets.load_diabetes))
    co2 = sm.datasets.co2.load_pandas().data.reset_index(names="date")
    return {
        "penguins.csv": palmerpenguins.load_penguins(),
        "iris.parquet": iris.data.assign(species=iris.target_names[iris.target]),
        "wine.csv": wine.data.assign(cultivar=wine.target),
        "breast-cancer.parquet": cancer.data.assign(diagnosis=cancer.target_names[cancer.target]),
        "diabetes.csv": diabetes.data.assign(sex=(diabetes.data["sex"] > 0).astype(int), progression=diabetes.target),
        "survey.csv": sm.datasets.anes96.load_pandas().data,
        "weather.csv.gz": local_data("seattle-weather"),
        "co2.csv": co2,
        "fertility.csv": sm.datasets.fertility.load_pandas().data,
        "cars.csv": local_data("cars"),
        "airports.csv": local_data("airports"),
    }


def write(folder):
    """Writes the tables, and returns them."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = frames()
    for name, table in tables.items():
        if name.endswith(".parquet"):
            table.to_parquet(folder / name, index=False)
        else:
            table.to_csv(folder / name, index=False)
    pixels, digit = datasets.load_digits(return_X_y=True)
    np.savez_compressed(folder / "digits.npz", pixels=pixels, digit=digit)
    columns = {f"pixels.{i + 1}": pixels[:, i] for i in range(pixels.shape[1])}
    tables["digits.npz"] = pd.DataFrame({**columns, "digit": digit})
    return tables


def ask(mist, folder, name, x, y, options):
    command = [mist, "estimate", folder / name, "--x", x, "--y", y, "--missing", "drop", "--format", "json", *options]
    run = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise SystemExit(f"{name}: {run.stderr}")
    return json.loads(run.stdout)


def ranks(table):
    """Numbers as ranks between 0 and 1, text as one column for each value."""
    columns = []
    for column in table:
        values = table[column]
        if values.dtype.kind in "iufM":
            columns.append(values.rank().to_numpy()[:, None] / len(values))
        else:
            columns.append(pd.get_dummies(values).to_numpy(dtype=float))
    return np.hstack(columns)


def ksg(x, y, rng):
    """Kraskov, Stögbauer and Grassberger 2004, equation 8, a little noise against ties."""
    x, y = (side + 1e-10 * rng.standard_normal(side.shape) for side in (x, y))
    joint = KDTree(np.hstack([x, y]), metric="chebyshev")
    radius = np.nextafter(joint.query(np.hstack([x, y]), k=NEIGHBOURS + 1)[0][:, -1], 0)
    counts = [KDTree(side, metric="chebyshev").query_radius(side, radius, count_only=True) for side in (x, y)]
    return digamma(NEIGHBOURS) + digamma(len(x)) - np.mean(digamma(counts[0]) + digamma(counts[1]))


def ross(x, labels, rng):
    """Ross 2014, equation 2: nearest neighbours among the rows of the same label."""
    x = x + 1e-10 * rng.standard_normal(x.shape)
    radius, size, used = np.empty(len(x)), np.empty(len(x)), np.zeros(len(x), dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        if len(rows) > NEIGHBOURS:
            near = NearestNeighbors(n_neighbors=NEIGHBOURS, metric="chebyshev").fit(x[rows])
            radius[rows] = np.nextafter(near.kneighbors()[0][:, -1], 0)
            size[rows], used[rows] = len(rows), True
    around = KDTree(x[used], metric="chebyshev").query_radius(x[used], radius[used], count_only=True)
    return digamma(used.sum()) + digamma(NEIGHBOURS) - np.mean(digamma(size[used])) - np.mean(digamma(around))


def others(table, answer, options):
    """scikit-learn of the best column, and nearest neighbours of all."""
    x, y = table[answer["x"]].copy(), table[answer["y"][0]]
    rows = x.notna().all(axis=1) & y.notna()
    x, y = x[rows], y[rows]
    coded = set(options[1].split(",")) if options else set()
    for column in x:
        if column in coded:
            x[column] = x[column].astype(str)
    is_category = y.name in coded or y.dtype.kind not in "iufM"
    rng = np.random.default_rng(0)
    numbers = pd.DataFrame({c: x[c].rank() if x[c].dtype.kind in "iufM" else pd.factorize(x[c])[0] for c in x})
    discrete = [x[c].dtype.kind not in "iufM" for c in x]
    score = mutual_info_classif if is_category else mutual_info_regression
    target = pd.factorize(y)[0] if is_category else y.rank().to_numpy()
    best = score(numbers, target, discrete_features=discrete, n_neighbors=NEIGHBOURS, random_state=0).max()
    if is_category and all(discrete):
        return len(y), best, best
    together = ross(ranks(x), target, rng) if is_category else ksg(ranks(x), ranks(y.to_frame()), rng)
    return len(y), best, max(together, 0.0)


def answers(mist, folder, tables):
    """The table of the report, in Markdown."""
    lines = ["| table | question | expected | `mist`, 90 % interval | scikit-learn | neighbours | n |",
             "|---|---|---|---|---|---|---|"]
    for name, x, y, options, question, expected in QUESTIONS:
        answer = ask(mist, folder, name, x, y, options)
        n, best, together = others(tables[name], answer, options)
        assert n == answer["n"], f"{name}: {n} complete rows, mist says {answer['n']}"
        low, high = answer["interval"]["lower"], answer["interval"]["upper"]
        bound = f"at least {low:.2f}" if answer["at_least"] else f"{answer['mi']:.2f} ({low:.2f} to {high:.2f})"
        cells = [f"`{name}`", f"{question} `{x}` → `{y}`", expected, bound, f"{best:.2f}", f"{together:.2f}", str(n)]
        lines.append("| " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    checkpoint = answer["checkpoint"]
    return "\n".join([f"Checkpoint `{checkpoint['name']}` (sha256 {checkpoint['sha256'][:12]}…).", "", *lines])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="gets the tables")
    parser.add_argument("--mist", type=Path, help="the binary to ask")
    parser.add_argument("--report", type=Path, help="gets the answers, between its marks")
    args = parser.parse_args()
    tables = write(args.folder)
    if args.mist:
        text = answers(args.mist, args.folder, tables)
        if args.report:
            old = args.report.read_text()
            begin, end = old.index("<!-- answers -->") + len("<!-- answers -->"), old.index("<!-- end -->")
            args.report.write_text(f"{old[:begin]}\n{text}\n{old[end:]}")


if __name__ == "__main__":
    main()
