"""Answers to tables with several columns on both sides, counts, categories that act together, and independence, apart from the generator.

  target/venv-operations/bin/python scripts/many_columns.py [--tables 12] [--seed 11] [--checkpoint WEIGHTS]

MI in closed form, by sums over a fine grid, or as a mean over 100,000 draws of the exact log ratio of densities. Writes a table to standard output as
scripts/plain_laws.py does. Two minutes of a core.
"""

import numpy as np
from plain_laws import QUANTILES, answer, normal_mi, table_mi
from scipy import special, stats
from several_columns import class_mi, number_mi

ROWS = [50, 200, 800, 3000]
DRAWS = 100_000
# Midpoints of 2,000 equal shares of a standard normal.
SHARES = QUANTILES[5::10]


def rng():
    return np.random.default_rng(0)


def names(prefix, codes):
    return np.char.add(prefix, np.asarray(codes).astype(str))


def covariance_mi(covariance, columns):
    """Of normal columns, the first ones beside the others."""
    ln_det = lambda part: np.linalg.slogdet(covariance[part, part])[1]
    return 0.5 * (ln_det(slice(columns)) + ln_det(slice(columns, None)) - ln_det(slice(None)))


def of_covariance(covariance, columns, of_x=lambda x: x, of_y=lambda y: y):
    lower = np.linalg.cholesky(covariance)

    def draw(n, r):
        rows = r.normal(size=(n, len(covariance))) @ lower.T
        return of_x(rows[:, :columns]), of_y(rows[:, columns:])

    return draw


def factors(columns, count, noise, seed):
    loadings = np.random.default_rng(seed).normal(size=(columns, count))
    return loadings @ loadings.T + count * noise**2 * np.eye(columns)


def normal_laws():
    for p, q, count, noise in [(5, 5, 1, 1.5), (3, 12, 2, 1.0), (10, 10, 3, 1.0), (20, 20, 4, 1.5)]:
        covariance = factors(p + q, count, noise, p)
        yield f"factors: {count} in {p} + {q} columns", covariance_mi(covariance, p), of_covariance(covariance, p)
    covariance = factors(12, 2, 1.0, 3)
    yield "two factors in 6 + 6, exp x and y³", covariance_mi(covariance, 6), of_covariance(covariance, 6, np.exp, lambda y: y**3)
    covariance = np.eye(8) + 0.5 * (np.eye(8, k=4) + np.eye(8, k=-4))
    normal = of_covariance(covariance, 4)

    def student(n, r):
        scale = np.sqrt(r.chisquare(4, size=(n, 1)) / 4)
        return [side / scale for side in normal(n, r)]

    rest = lambda d: special.gammaln(2) - special.gammaln(2 + d / 2) + (2 + d / 2) * (special.digamma(2 + d / 2) - special.digamma(2))
    yield "t₄, four pairs of 0.5", covariance_mi(covariance, 4) + 2 * rest(4) - rest(8), student
    for columns, noise_sd in [(10, 1.0), (30, 1.0)]:
        slopes = np.arange(10) / 10 if columns == 10 else np.repeat([1.0, 0.0], [5, 25])

        def line(n, r, slopes=slopes, noise_sd=noise_sd):
            x = r.normal(size=(n, len(slopes)))
            return x, x @ slopes + noise_sd * r.normal(size=n)

        yield f"a line in {np.count_nonzero(slopes)} of {columns} columns", 0.5 * np.log1p(slopes @ slopes / noise_sd**2), line

    def one_pair(n, r):
        x, y = r.normal(size=(2, n, 10))
        y[:, 3] = 0.9 * x[:, 7] + np.sqrt(0.19) * y[:, 3]
        return x, y

    yield "one pair of 0.9 in 10 + 10", normal_mi(0.9), one_pair


def curved_laws():
    normals = rng().normal(size=(4_000_000, 2))
    first, second = normals.T
    parts = [number_mi(first**2, 0.5), number_mi(first * second, 0.4), number_mi(np.abs(first), 0.3)]

    def three(n, r):
        x, noise = r.normal(size=(n, 4)), r.normal(size=(n, 3))
        return x, np.column_stack([x[:, 0] ** 2, x[:, 1] * x[:, 2], np.abs(x[:, 3])]) + noise * [0.5, 0.4, 0.3]

    yield "x₁², x₂x₃, |x₄| in 4 + 3", sum(parts), three

    def sine(n, r):
        x = r.normal(size=(n, 20))
        return x, np.sin(3 * x[:, 6]) + 0.3 * r.normal(size=n)

    yield "sin 3x of one of twenty", number_mi(np.sin(3 * first), 0.3), sine

    def growth(n, r):
        x = r.normal(size=(n, 2))
        return x, x[:, 0] * np.exp(0.5 * x[:, 1]) + 0.5 * r.normal(size=n)

    yield "x₁ exp(x₂/2)", number_mi(first * np.exp(0.5 * second), 0.5), growth
    uniforms = rng().uniform(1, 10, size=(4_000_000, 2))

    def ratio(n, r):
        x = r.uniform(1, 10, size=(n, 2))
        return x, x[:, 0] / x[:, 1] + 0.1 * r.normal(size=n)

    yield "ratio of two uniform columns", number_mi(uniforms[:, 0] / uniforms[:, 1], 0.1), ratio
    y = np.concatenate([-np.exp(np.linspace(8, -14, 6000)), np.exp(np.linspace(-14, 8, 6000))])
    density = np.mean([stats.norm.pdf(y, 0, np.exp(x)) for x in SHARES], axis=0)
    entropy = np.trapezoid(special.entr(density), y)

    def spread(n, r):
        x = r.normal(size=n)
        return x, np.exp(x) * r.normal(size=n)

    yield "normal of standard deviation exp x", entropy - 0.5 * np.log(2 * np.pi * np.e), spread

    def broken(n, r):
        x, other = r.normal(size=(2, n))
        y = 0.95 * x + np.sqrt(1 - 0.95**2) * r.normal(size=n)
        return x, np.where(r.random(n) < 0.3, other, y)

    x, y = broken(400_000, rng())
    quadratic = (0.95**2 * (x * x + y * y) - 2 * 0.95 * x * y) / (2 * (1 - 0.95**2))
    yield "ρ = 0.95, three in ten pairs broken", np.log(0.7 * np.exp(normal_mi(0.95) - quadratic) + 0.3).mean(), broken
    centres = 1.5 * np.random.default_rng(8).normal(size=(5, 8))

    def clusters(n, r):
        rows = centres[r.integers(5, size=n)] + 0.7 * r.normal(size=(n, 8))
        return rows[:, :4], rows[:, 4:]

    def ln_density(rows, centres):
        return special.logsumexp(-0.5 * ((rows[:, None] - centres) ** 2).sum(2) / 0.49, axis=1)

    x, y = clusters(DRAWS, rng())
    ratio_of = ln_density(np.hstack([x, y]), centres) - ln_density(x, centres[:, :4]) - ln_density(y, centres[:, 4:])
    yield "five clusters in 4 + 4", ratio_of.mean() + np.log(5), clusters


def of_posterior(ln_likelihood):
    """Of classes as likely as each other, from rows of ln p(y | class): ln K − E H(class | y)."""
    masses = special.softmax(ln_likelihood, axis=1)
    return np.log(masses.shape[1]) - special.entr(masses).sum(1).mean()


def class_laws():
    flips = special.entr([0.1, 0.9]).sum()

    def signs(n, r, columns, share):
        x = r.normal(size=(n, columns))
        up = (x.prod(1) > 0) ^ (r.random(n) < share)
        return x, np.where(up, "up", "down")

    yield "XOR of two signs, a tenth flipped", np.log(2) - flips, lambda n, r: signs(n, r, 2, 0.1)
    yield "parity of three signs", np.log(2), lambda n, r: signs(n, r, 3, 0)
    grid = np.linspace(-1, 6, 20_001)
    cells = np.array([stats.norm.pdf(grid, 1 + k, 0.25) for k in range(3)])

    def rings(n, r):
        k, angle = r.integers(3, size=n), 2 * np.pi * r.random(n)
        radius = 1 + k + 0.25 * r.normal(size=n)
        return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]), names("ring ", k)

    yield "three rings", table_mi(cells / cells.sum()), rings
    centres = 2 * np.random.default_rng(4).normal(size=(10, 2))

    def blobs(n, r):
        k = r.integers(10, size=n)
        return centres[k] + 0.5 * r.normal(size=(n, 2)), names("blob ", k)

    x, _ = blobs(DRAWS, rng())
    yield "ten classes in two columns", of_posterior(-2 * ((x[:, None] - centres) ** 2).sum(2)), blobs
    for columns, slopes, offset in [(3, [1, 1, 1], 0), (10, [2, -1.5], -1)]:

        def logistic(n, r, columns=columns, slopes=slopes, offset=offset):
            x = r.normal(size=(n, columns))
            return x, np.where(r.random(n) < special.expit(x[:, : len(slopes)] @ slopes + offset), "yes", "no")

        p = special.expit(np.linalg.norm(slopes) * rng().normal(size=4_000_000) + offset)
        yield f"yes or no, logistic in {len(slopes)} of {columns}", class_mi(np.column_stack([p, 1 - p])), logistic
    masses = np.random.default_rng(6).dirichlet(np.full(96, 0.5)).reshape(8, 12)

    def table(n, r):
        cell = r.choice(96, size=n, p=masses.ravel())
        return names("row ", cell // 12), names("column ", cell % 12)

    yield "table of 8 × 12 categories", table_mi(masses), table

    def sums(n, r):
        a, b = r.integers(4, size=(2, n))
        y = np.where(r.random(n) < 0.8, (a + b) % 4, r.integers(4, size=n))
        return np.column_stack([names("a", a), names("b", b)]), names("c", y)

    yield "(a + b) mod 4, a fifth at random", np.log(4) - special.entr([0.85, 0.05, 0.05, 0.05]).sum(), sums


def count_laws():
    preferred = np.linspace(0, np.pi, 6, endpoint=False)

    def rates(angle):
        return 0.5 + 6 * np.exp(3 * (np.cos(2 * (angle[:, None] - preferred)) - 1))

    def ln_likelihood(counts, angles):
        return counts @ np.log(rates(angles)).T - rates(angles).sum(1)

    def neurons(n, r):
        angle = np.pi * r.random(n)
        return angle, r.poisson(rates(angle))

    angle, counts = neurons(DRAWS // 2, rng())
    own = (counts * np.log(rates(angle))).sum(1) - rates(angle).sum(1)
    angles = np.pi * (np.arange(200) + 0.5) / 200
    of_all = special.logsumexp(ln_likelihood(counts, angles), axis=1) - np.log(200)
    yield "an angle and the counts of six neurons", (own - of_all).mean(), neurons
    eight = np.pi * np.arange(8) / 8

    def stimuli(n, r):
        k = r.integers(8, size=n)
        return names("stimulus ", k), r.poisson(rates(eight[k]))

    _, counts = stimuli(DRAWS, rng())
    yield "eight stimuli and the counts of six neurons", of_posterior(ln_likelihood(counts, eight)), stimuli
    levels = np.arange(400)

    def gene(mean):
        return np.array([stats.nbinom.pmf(levels, 3, 3 / (3 + np.exp(mean + 0.8 * f))) for f in SHARES])

    cells = gene(0.5).T @ gene(1.0)

    def genes(n, r):
        factor = r.normal(size=n)
        return [r.poisson(np.exp(mean + 0.8 * factor) * r.gamma(3, 1 / 3, size=n)) for mean in [0.5, 1.0]]

    yield "counts of two genes, a shared factor", table_mi(cells / cells.sum()), genes
    trait = np.linspace(-6, 7, 20_001)
    cells = np.array([stats.binom.pmf(k, 2, 0.3) * stats.norm.pdf(trait, 0.5 * k) for k in range(3)])

    def genotype(n, r):
        copies = r.binomial(2, 0.3, size=n)
        return copies, 0.5 * copies + r.normal(size=n)

    yield "0, 1 or 2 copies and a trait", table_mi(cells / cells.sum()), genotype
    ends = np.array([-np.inf, 1.5, 2.5, 3.5, 4.5, np.inf])
    rating = np.diff(stats.norm.cdf(ends, 3 + SHARES[:, None], 0.8), axis=1)
    three = np.einsum("fa,fb,fc->fabc", rating, rating, rating).reshape(len(SHARES), -1)
    cells = three.T @ stats.norm.pdf(np.linspace(-6, 6, 1_200), SHARES[:, None], 0.5)

    def ratings(n, r):
        factor = r.normal(size=n)
        given = [np.clip(np.round(3 + factor + 0.8 * r.normal(size=n)), 1, 5) for _ in range(3)]
        return np.column_stack(given), factor + 0.5 * r.normal(size=n)

    yield "three ratings and a score, one factor", table_mi(cells / cells.sum()), ratings


def independent_laws():
    def mixed(n, r):
        return np.column_stack([names("level ", r.integers(count, size=n)) for count in [3, 5, 9]]), r.normal(size=(n, 5))

    yield "independent: three categories, five columns", 0.0, mixed
    yield "independent: 20 + 20 columns", 0.0, lambda n, r: r.normal(size=(2, n, 20))
    yield "independent: two counts", 0.0, lambda n, r: (r.poisson(1, size=n), r.poisson(5, size=n))


def laws():
    """Name, MI, and how to draw n rows."""
    for kind in [normal_laws, curved_laws, class_laws, count_laws, independent_laws]:
        yield from kind()


if __name__ == "__main__":
    answer(__doc__.splitlines()[0], laws(), ROWS)
