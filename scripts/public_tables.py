#!/usr/bin/env python3
"""Writes public tables that PyPI packages carry, asks `mist estimate` about each, and puts the answers beside others.

Environment: see requirements-tables.txt. Then:
    target/venv-tables/bin/python scripts/public_tables.py target/tables
    target/venv-tables/bin/python scripts/public_tables.py target/tables --mist target/release/mist \
        --report docs/results/real-data.md

The first line writes the tables alone. The second also asks the questions, ranks columns, and replaces the parts of the
report between its marks: `<!-- answers -->`, `<!-- changes -->` and `<!-- ranks -->`, each up to the next `<!-- end -->`. What
changed is seen from the answers that the report had: where another checkpoint gave them, they become those of the one before.
Nothing is downloaded: every table is a file of a package.

The others, in nats: scikit-learn's `mutual_info_regression` or `mutual_info_classif` (of several columns of X the best
one, since it takes one at a time: what all of them say together is no less), and the nearest neighbours of Kraskov et
al. (2004, equation 8) or, for a category, of Ross (2014, equation 2), of all columns of X together, by ranks.
"""

import argparse
import csv
import io
import json
import os
import re
import subprocess
import time
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
# Nats by which an answer must differ from that of another checkpoint to be told.
CHANGED = 0.02

# File, X, Y, further options, and what somebody who has the table wants to know; then what an answer must be like to
# make sense, said without having seen one, in words and as bounds.
QUESTIONS = [
    ("penguins.csv", "species", "body_mass_g", [], "How much does the species say about the mass of a penguin?",
     "clearly above 0: Gentoos are heavier; below ln 3 = 1.10", (0.2, 1.1)),
    ("penguins.csv", "bill_length_mm,bill_depth_mm", "flipper_length_mm", [], "Does the bill tell the flipper?",
     "about that of a correlation of 0.7, 0.35, or more: the species decides both", (0.3, None)),
    ("iris.parquet", "petal*", "species", [], "How well do petals tell the species?",
     "nearly all of ln 3 = 1.10", (0.95, 1.1)),
    ("wine.csv", "1..13", "cultivar", ["--categorical", "cultivar"], "Do thirteen measurements tell the cultivar?",
     "nearly all of the entropy of the cultivar, 1.09", (0.95, 1.1)),
    ("breast-cancer.parquet", "mean*", "diagnosis", [], "Do ten measurements tell the diagnosis?",
     "most of the entropy of the diagnosis, 0.66", (0.4, 0.66)),
    ("diabetes.csv", "bmi", "progression", [], "Does the body mass index tell how diabetes goes on?",
     "about that of a correlation of 0.59, 0.21", (0.13, 0.3)),
    ("diabetes.csv", "age", "sex", ["--categorical", "sex"], "Do age and sex go together?", "little: 0 to 0.05", (0, 0.05)),
    ("digits.npz", "pixels", "digit", ["--categorical", "digit"], "Do 64 pixels tell the digit?",
     "nearly all of ln 10 = 2.30; more columns than the network was trained on", (2.0, 2.31)),
    ("survey.csv", "PID", "vote", ["--categorical", "PID,vote"], "Does the party tell the vote? (both are codes)",
     "0.3 to 0.5: of party supporters nine in ten vote for their party; below ln 2 = 0.69", (0.3, 0.5)),
    ("survey.csv", "TVnews", "vote", ["--categorical", "vote"], "Do evenings before the news tell the vote?",
     "next to nothing", (0, 0.03)),
    ("weather.csv.gz", "precipitation,temp_max,temp_min,wind", "weather", [], "Do instruments tell the word for the day?",
     "much: rain is rain; below the entropy of the word, 1.20", (0.3, 1.2)),
    ("weather.csv.gz", "date", "temp_max", [], "Does the date tell the warmth? (four years, a wave)",
     "much, about 0.8: the seasons; neither rises, so a correlation is near 0", (0.6, 1.1)),
    ("co2.csv", "date", "co2", [], "Does the date tell the carbon dioxide? (a sensor with gaps)",
     "very much, 2 to 4: a rising curve with a season", (2, 4)),
    ("fertility.csv", "1970", "2010", [], "Do births of 1970 tell those of 2010? (one column a year, with gaps)",
     "about that of a rank correlation of 0.8, 0.5", (0.35, 0.75)),
    ("cars.csv", "Origin,Cylinders", "Miles_per_Gallon", ["--categorical", "Cylinders"],
     "Do origin and cylinders tell the mileage?", "much, 0.5 to 1: cylinders come in 4, 6 and 8", (0.5, 1)),
    ("airports.csv", "longitude,latitude", "state", [], "Does the place of an airport tell its state?",
     "nearly all of the entropy of the state, 3.7", (3.2, 3.75)),
    ("airports.csv", "latitude", "longitude", [], "Do the coordinates of airports depend on each other?",
     "some, 0.3 to 0.8: the outline of the country, Alaska, the islands", (0.3, 0.8)),
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


def verdict(mi, bounds):
    """Whether an answer, as it is printed, lies where it was expected."""
    low, high = bounds
    mi = round(mi, 2)
    if mi < low:
        return "no, too small"
    return "yes" if high is None or mi <= high else "no, too large"


def answers(mist, folder, tables):
    """Which checkpoint answers, a row of the report for each question, and the answer with its bounds by question."""
    rows, found = [], {}
    for name, x, y, options, question, expected, bounds in QUESTIONS:
        answer = ask(mist, folder, name, x, y, options)
        n, best, together = others(tables[name], answer, options)
        assert n == answer["n"], f"{name}: {n} complete rows, mist says {answer['n']}"
        low, high = answer["interval"]["lower"], answer["interval"]["upper"]
        bound = f"at least {low:.2f}" if answer["at_least"] else f"{answer['mi']:.2f} ({low:.2f} to {high:.2f})"
        mi = low if answer["at_least"] else answer["mi"]
        cells = [f"`{name}`", f"{question} `{x}` → `{y}`", expected, bound, verdict(mi, bounds), f"{best:.2f}", f"{together:.2f}", str(n)]
        rows.append("| " + " | ".join(cells) + " |")
        print(rows[-1], flush=True)
        found[cells[1]] = (mi, bounds)
    checkpoint = answer["checkpoint"]
    return f"`{checkpoint['name']}` (sha256 {checkpoint['sha256'][:12]}…)", rows, found


HEAD = "| table | question | expected | `mist`, 90 % interval | sensible? | scikit-learn | neighbours | n |\n|---|---|---|---|---|---|---|---|"


def answered(report):
    """Checkpoint and answers of a report, by question: numbers, of `at least` the bound."""
    found = {}
    for line in report.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        number = re.search(r"\d+\.\d+", cells[3]) if len(cells) >= 7 else None
        if number and "→" in cells[1]:
            found[cells[1]] = float(number.group())
    name = re.search(r"Checkpoint (`[^`]+` \(sha256 \w+…\))", report)
    return (name.group(1) if name else ""), found


def off(mi, bounds):
    """How far an answer lies from where it was expected, as printed."""
    low, high = bounds
    return max(low - round(mi, 2), round(mi, 2) - (np.inf if high is None else high), 0.0)


def changes(before, old, now):
    """What another checkpoint, whose answers a report had, said otherwise."""
    lines = []
    for question, (mi, bounds) in now.items():
        if question not in old or abs(old[question] - mi) < CHANGED:
            continue
        then, here = off(old[question], bounds), off(mi, bounds)
        what = "as sensible as before" if abs(then - here) < 0.005 else "better" if here < then else "worse"
        lines.append(f"| {question} | {old[question]:.2f} | {mi:.2f} | {what} |")
    if not lines:
        return f"No answer differs from that of {before} by {CHANGED} nats or more."
    head = f"Answers that differ from those of {before} by {CHANGED} nats or more; *better* is nearer to what was expected.\n\n"
    return head + "| question | before | now | |\n|---|---|---|---|\n" + "\n".join(lines)


# File, target, and whether that is a class.
RANKINGS = [
    ("iris.parquet", "species", True),
    ("wine.csv", "cultivar", True),
    ("breast-cancer.parquet", "diagnosis", True),
    ("digits.npz", "digit", True),
    ("diabetes.csv", "progression", False),
    ("cars.csv", "Miles_per_Gallon", False),
    ("penguins.csv", "species", True),
    ("weather.csv.gz", "temp_max", False),
]


def processor_seconds(start):
    end = os.times()
    return sum(getattr(end, k) - getattr(start, k) for k in ("user", "system", "children_user", "children_system"))


def rankings(mist, folder, tables):
    """The order of `mist rank` beside that of scikit-learn, on the columns of numbers that the complete rows hold."""
    from scipy.stats import spearmanr

    lines = ["| table | rows × columns | target | same among the top 3 / 5 / 10 | rank correlation | mist, s | scikit-learn, s |",
             "|---|---|---|---|---|---|---|"]
    for name, target, classes in RANKINGS:
        table = tables[name]
        inputs = [c for c in table if c != target and table[c].dtype.kind in "iuf" and table[c].nunique() > 1]
        table = table[[*inputs, target]].dropna()
        path = folder / "ranking.csv"
        table.to_csv(path, index=False)
        command = [str(mist), "--quiet", "rank", str(path), "--target", target, "--format", "csv", "--test", "none"]
        command += ["--categorical", target] if classes else []
        start = os.times()
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        ours_seconds = processor_seconds(start)
        if run.returncode != 0:
            raise SystemExit(f"{name}: {run.stderr}")
        place = {row["x"]: i for i, row in enumerate(csv.DictReader(io.StringIO(run.stdout)))}
        ours = np.array([-place[c] for c in inputs])
        x, y = table[inputs].to_numpy(float), table[target]
        y = pd.factorize(y)[0] if classes else y.to_numpy()
        start = os.times()
        theirs = (mutual_info_classif if classes else mutual_info_regression)(x, y, random_state=0)
        theirs_seconds = processor_seconds(start)
        top = lambda scores, k: set(np.argsort(-scores, kind="stable")[:k].tolist())
        same = " / ".join(str(len(top(ours, k) & top(theirs, k))) for k in (3, 5, 10) if k < len(inputs))
        kind = "class" if classes else "number"
        lines.append(f"| `{name}` | {len(table)} × {len(inputs)} | `{target}`, a {kind} | {same or 'all'} "
                     f"| {spearmanr(ours, theirs)[0]:.2f} | {ours_seconds:.2f} | {theirs_seconds:.2f} |")
        print(lines[-1], flush=True)
    path.unlink()
    return "\n".join(lines)


def put(report, mark, text):
    """The report with another text between a mark and the next end."""
    begin = report.index(f"<!-- {mark} -->") + len(f"<!-- {mark} -->")
    return f"{report[:begin]}\n{text}\n{report[report.index('<!-- end -->', begin):]}"


def renew(report, mist, folder, tables):
    """The report with the answers of today."""
    before, old = answered(report)
    checkpoint, rows, now = answers(mist, folder, tables)
    sensible = sum(off(mi, bounds) == 0 for mi, bounds in now.values())
    text = f"Checkpoint {checkpoint}, {time.strftime('%Y-%m-%d')}: {sensible} of {len(now)} answers lie where they were expected.\n\n{HEAD}\n"
    report = put(report, "answers", text + "\n".join(rows))
    # Renewed with the same weights, the comparison with those before stays.
    if before and before != checkpoint:
        report = put(report, "changes", changes(before, old, now))
    return put(report, "ranks", rankings(mist, folder, tables))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="gets the tables")
    parser.add_argument("--mist", type=Path, help="the binary to ask")
    parser.add_argument("--report", type=Path, help="gets the answers, between its marks")
    args = parser.parse_args()
    tables = write(args.folder)
    if args.mist and args.report:
        args.report.write_text(renew(args.report.read_text(), args.mist, args.folder, tables))
    elif args.mist:
        answers(args.mist, args.folder, tables)
        rankings(args.mist, args.folder, tables)


if __name__ == "__main__":
    main()
