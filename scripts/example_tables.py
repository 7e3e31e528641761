#!/usr/bin/env python3
"""Writes the tables of the worked examples (docs/examples/). Environment: see requirements-examples.txt. Then:

    target/venv-examples/bin/python scripts/example_tables.py target/examples

digits.csv        1,797 images of digits, 8 by 8 pixels, that scikit-learn carries: `pixel_1` to `pixel_64`, row by row, 0 to 16; `digit`
texts-train.csv   words, abbreviations and emoticons of the VADER lexicon that vaderSentiment carries, each rated by ten people
texts-test.csv    others, one of each family

Nothing is downloaded: both tables are files of packages. Columns of the texts: `text`; `rating`, the mean of the raters 6 to 10, from
−4 (very negative) to 4; `others`, the mean of the raters 1 to 5; `ngrams_1` to `ngrams_8`, the leading directions of the counts of
sequences of two to four letters, found in the texts of the first table.

A family are the texts that begin with the same four letters (`abandon`, `abandoned`, `abandons`): it is in one table as a whole, so that
nothing is learnt from near copies of what is measured on. Of those in the second table one is drawn, so that its rows do not repeat each other.
"""

import argparse
import ast
import csv
from importlib import resources
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

SEED = 0
FAMILY = 4
NGRAMS = 8
RATERS = 10


def lexicon():
    """Each text once, with what its raters say."""
    lines = resources.files("vaderSentiment").joinpath("vader_lexicon.txt").read_text(encoding="utf-8").splitlines()
    ratings = {}
    for line in lines:
        text, _, _, raters = line.split("\t")
        ratings.setdefault(text, ast.literal_eval(raters))
    wrong = [text for text, raters in ratings.items() if len(raters) != RATERS]
    if wrong:
        raise SystemExit(f"expected {RATERS} raters of each text, not so of {wrong[:3]}")
    return ratings


def split(texts, rng):
    """Families on one side each, and of those on the second side one text."""
    families = {}
    for text in texts:
        families.setdefault(text.lower()[:FAMILY], []).append(text)
    names = sorted(families)
    rng.shuffle(names)
    half = len(names) // 2
    train = [text for name in names[:half] for text in families[name]]
    test = [families[name][rng.integers(len(families[name]))] for name in names[half:]]
    return sorted(train), sorted(test)


def write_digits(folder):
    pixels, digit = load_digits(return_X_y=True)
    with open(folder / "digits.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*(f"pixel_{i + 1}" for i in range(pixels.shape[1])), "digit"])
        writer.writerows([*(int(v) for v in image), int(label)] for image, label in zip(pixels, digit))


def write_texts(folder):
    ratings = lexicon()
    train, test = split(ratings, np.random.default_rng(SEED))
    counts = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), lowercase=False, min_df=3)
    directions = TruncatedSVD(NGRAMS, random_state=SEED)
    columns = {"train": directions.fit_transform(counts.fit_transform(train))}
    columns["test"] = directions.transform(counts.transform(test))
    for name, texts in [("train", train), ("test", test)]:
        with open(folder / f"texts-{name}.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
            writer.writerow(["text", "rating", "others", *(f"ngrams_{i + 1}" for i in range(NGRAMS))])
            for text, ngrams in zip(texts, columns[name]):
                raters = ratings[text]
                means = [float(np.mean(raters[RATERS // 2 :])), float(np.mean(raters[: RATERS // 2]))]
                writer.writerow([text, *means, *(float(f"{v:.6g}") for v in ngrams)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="gets the tables")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    write_digits(folder)
    write_texts(folder)


if __name__ == "__main__":
    main()
