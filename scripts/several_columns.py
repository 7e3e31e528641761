"""Answers to tables in which one column depends on several others: regressions and classifications, apart from the generator.

  target/venv-operations/bin/python scripts/several_columns.py [--tables 12] [--seed 11] [--checkpoint WEIGHTS]

The MI is that of the response and its signal, from four million draws of the signal. Writes a table to standard output as scripts/plain_laws.py
does. A minute of a core.
"""

import numpy as np
from plain_laws import answer
from scipy import special

ROWS = [100, 300, 1000, 3000]
DRAWS = 4_000_000


def number_mi(signals, sd):
    """h(T + sd N) − h(sd N): the density of T on a fine grid, folded with the noise."""
    low, high = signals.min() - 8 * sd, signals.max() + 8 * sd
    points = 1 << 16
    step = (high - low) / points
    masses = np.histogram(signals, points, (low, high))[0] / len(signals)
    waves = 2 * np.pi * np.fft.rfftfreq(points, step)
    density = np.fft.irfft(np.fft.rfft(masses) * np.exp(-0.5 * (sd * waves) ** 2), points) / step
    return special.entr(density.clip(0)).sum() * step - 0.5 * np.log(2 * np.pi * np.e * sd * sd)


def class_mi(probabilities):
    """H(Y) − E H(Y given T), of a row of probabilities for every draw."""
    return special.entr(probabilities.mean(0)).sum() - special.entr(probabilities).sum(1).mean()


def friedman_1(x):
    return 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]


def friedman_ranges(u):
    return u * [100, 520 * np.pi, 1, 10] + [0, 40 * np.pi, 0, 1]


def impedance(u):
    x = friedman_ranges(u)
    return x[:, 0], x[:, 1] * x[:, 2] - 1 / (x[:, 1] * x[:, 3])


def tree(x):
    left = np.where(x[:, 1] > 0.2, np.where(x[:, 2] > 0, 1.0, -0.4), np.where(x[:, 3] > -0.5, -1.2, 2.0))
    right = np.where(x[:, 2] > -0.4, np.where(x[:, 4] > 0.3, 0.3, 3.0), np.where(x[:, 0] > 1, -2.0, 1.5))
    return np.where(x[:, 0] > 0, right, left)


def curves(x):
    parts = [lambda v: np.sin(2 * v), np.abs, lambda v: np.tanh(3 * v), lambda v: 0.5 * v**2, lambda v: v]
    return sum(part(column) for part, column in zip(parts, x.T))


NETWORK = np.random.default_rng(3).normal(size=(6, 9))


def network(x):
    """Six hidden units of eight columns."""
    return np.tanh(x[:, :8] @ NETWORK[:, 1:].T / np.sqrt(2) + NETWORK[:, 0]).sum(1)


def uniform(columns):
    return lambda n, rng: rng.random((n, columns))


def normal(columns, rho=0.0):
    """Normal columns of which every two correlate by rho."""
    return lambda n, rng: np.sqrt(1 - rho) * rng.normal(size=(n, columns)) + np.sqrt(rho) * rng.normal(size=(n, 1))


def numbers():
    """Name, columns, signal, standard deviation of the noise."""
    yield "Friedman 1: five of ten uniform columns", uniform(10), friedman_1, 1.0
    yield "Friedman 1, five times the noise", uniform(10), friedman_1, 5.0
    yield "Friedman 2: an impedance of four columns", uniform(4), lambda u: np.hypot(*impedance(u)), 125.0
    yield "Friedman 3: its phase", uniform(4), lambda u: np.arctan(np.divide(*impedance(u)[::-1])), 0.1
    yield "sum of three curves", normal(3), curves, 0.6
    yield "sum of five curves", normal(5), curves, 0.8
    yield "sum of five curves, columns that correlate by 0.5", normal(5, 0.5), curves, 0.8
    yield "five curves among twelve columns", normal(12), curves, 0.8
    yield "largest of three columns", normal(3), lambda x: x.max(1), 0.3
    yield "largest of six columns", normal(6), lambda x: x.max(1), 0.3
    yield "tree of depth three, five columns", normal(5), tree, 0.5
    yield "the same tree among twelve columns", normal(12), tree, 0.5
    yield "small network of eight columns", normal(8), network, 0.5
    yield "x₁x₂ + x₃ and noise", normal(3), lambda x: x[:, 0] * x[:, 1] + x[:, 2], 0.5


def levels(*counts, numbers=0):
    """Codes of categories, equally frequent, then normal columns."""

    def columns(n, rng):
        codes = [rng.integers(count, size=n) for count in counts]
        return np.column_stack([*codes, rng.normal(size=(n, numbers))])

    return columns


def with_categories():
    """Name, columns, signal, standard deviation of the noise; the first columns are categories, as many as the last entry says."""
    effect = lambda values: lambda column: np.array(values)[column.astype(int)]
    own, slope = effect([0.0, 1.5, -1.0]), effect([1.0, -1.0, 0.2])
    yield "a slope for each of three categories", levels(3, numbers=1), lambda x: own(x[:, 0]) + slope(x[:, 0]) * x[:, 1], 0.5, 1
    first, second = effect([0.0, 1.0, 2.0, -1.0]), effect([0.0, 2.0, 0.5])
    yield "two categories, their effects added", levels(4, 3), lambda x: first(x[:, 0]) + second(x[:, 1]), 0.7, 2
    yield "a category of two, x and x² among four columns", levels(2, numbers=3), lambda x: 2 * x[:, 0] + x[:, 1] + x[:, 2] ** 2, 0.7, 1
    groups = effect(np.random.default_rng(5).normal(size=8))
    yield "eight groups and a line", levels(8, numbers=2), lambda x: groups(x[:, 0]) + x[:, 1], 0.5, 1


def classes():
    """Name, columns, and the probabilities of the classes of rows."""

    def two(signal, scale):
        def of(x):
            p = special.expit(scale * signal(x))
            return np.stack([1 - p, p], axis=1)

        return of

    yield "yes or no, logistic in five columns", normal(5), two(lambda x: x.sum(1), 1.0)
    yield "yes or no, steep in Friedman 1", uniform(10), two(lambda x: friedman_1(x) - 14, 1.0)
    yield "yes or no, steep in the tree", normal(5), two(tree, 3.0)
    slopes = np.random.default_rng(4).normal(size=(6, 3))
    yield "three classes, logistic in six columns", normal(6), lambda x: special.softmax(1.5 * x @ slopes, axis=1)


def laws():
    """Name, MI, and how to draw n rows."""
    for name, columns, signal, sd in numbers():

        def rows(n, rng, columns=columns, signal=signal, sd=sd):
            x = columns(n, rng)
            return x, signal(x) + sd * rng.normal(size=n)

        yield name, number_mi(many(columns, signal), sd), rows
    for name, columns, signal, sd, count in with_categories():

        def rows(n, rng, columns=columns, signal=signal, sd=sd, count=count):
            x = columns(n, rng)
            texts = [np.char.add("level ", x[:, j].astype(int).astype(str)) for j in range(count)]
            return np.column_stack([*texts, x[:, count:].astype(str)]), signal(x) + sd * rng.normal(size=n)

        yield name, number_mi(many(columns, signal), sd), rows
    for name, columns, probabilities in classes():

        def rows(n, rng, columns=columns, probabilities=probabilities):
            x = columns(n, rng)
            return x, (rng.random((n, 1)) > probabilities(x).cumsum(1)[:, :-1]).sum(1).astype(str)

        yield name, class_mi(many(columns, probabilities)), rows


def many(columns, function):
    """A function of many rows, in parts."""
    rng = np.random.default_rng(0)
    return np.concatenate([function(columns(DRAWS // 40, rng)) for _ in range(40)])


if __name__ == "__main__":
    answer(__doc__.splitlines()[0], laws(), ROWS)
