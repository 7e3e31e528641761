"""Answers to plain tables whose laws and MI are written here, apart from the generator: what a user's tables may look like.

  target/venv-operations/bin/python scripts/plain_laws.py [--tables 12] [--seed 11] [--checkpoint WEIGHTS]

MI in closed form, or by sums over a fine grid of the density. Writes a table to standard output: for every law and number of rows
the mean error in nats, the mean absolute error, and how many of the 90 % intervals hold the MI. A minute of a core.
"""

import numpy as np
from operations_common import Mist, parser
from scipy import special, stats

ROWS = [30, 100, 300, 1000, 3000]


def normal_mi(rho):
    return -0.5 * np.log1p(-rho * rho)


def entropy(masses):
    return special.entr(np.asarray(masses)).sum()


def table_mi(cells):
    return entropy(cells.sum(0)) + entropy(cells.sum(1)) - entropy(cells)


# Midpoints of equal shares of a standard normal.
QUANTILES = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)


def with_noise_mi(signal, sd):
    """Of X normal and Y = signal(X) + sd N: h(Y) − h(noise)."""
    at = signal(QUANTILES)
    y = np.linspace(at.min() - 8 * sd, at.max() + 8 * sd, 6_001)
    density = np.mean([stats.norm.pdf(y, part[:, None], sd).mean(0) for part in np.split(at, 50)], axis=0)
    density /= density.sum() * (y[1] - y[0])
    return special.entr(density).sum() * (y[1] - y[0]) - 0.5 * np.log(2 * np.pi * np.e * sd * sd)


def density_mi(density, low, high, points=1_500):
    """Of a density of two numbers, as a function of two arrays, on a square that holds all of it."""
    grid = low + (high - low) * (np.arange(points) + 0.5) / points
    cells = density(*np.meshgrid(grid, grid, indexing="ij"))
    return table_mi(cells / cells.sum())


def normal_pair(rho, n, rng):
    x = rng.normal(size=n)
    return x, rho * x + np.sqrt(1 - rho * rho) * rng.normal(size=n)


def student_mi(nu, rho):
    def h(d):
        half = 0.5 * (nu + d)
        log_scale = special.gammaln(0.5 * nu) + 0.5 * d * np.log(nu * np.pi) - special.gammaln(half)
        return log_scale + half * (special.digamma(half) - special.digamma(0.5 * nu))

    return 2 * h(1) - h(2) + normal_mi(rho)


def student_pair(nu, rho, n, rng):
    scale = np.sqrt(rng.chisquare(nu, size=n) / nu)
    x, y = normal_pair(rho, n, rng)
    return x / scale, y / scale


def levels_mi(rho, cuts):
    """Of a normal pair of which both are cut into levels."""
    ends = np.concatenate([[-9.0], cuts, [9.0]])
    law = stats.multivariate_normal([0, 0], [[1, rho], [rho, 1]])
    below = np.array([[law.cdf([a, b]) for b in ends] for a in ends])
    cells = np.diff(np.diff(below, axis=0), axis=1).clip(0)
    return table_mi(cells / cells.sum())


def poisson_mi(shape, scale):
    """Of X ~ Gamma(shape) and Y ~ Poisson(scale X)."""
    counts = np.arange(600)
    of_y = entropy(stats.nbinom.pmf(counts, shape, 1 / (1 + scale)))
    rates = scale * stats.gamma.ppf((np.arange(4_000) + 0.5) / 4_000, shape)
    return of_y - np.mean([entropy(stats.poisson.pmf(counts, rate)) for rate in rates])


def laws():
    """Name, MI, and how to draw n rows."""
    cuts = np.array([-1.3, -0.5, 0.3, 1.2])
    for rho in [0.2, 0.5, 0.8, 0.95]:
        yield f"normal pair, ρ = {rho}", normal_mi(rho), lambda n, r, rho=rho: normal_pair(rho, n, r)
    yield "Cauchy pair (t₁), ρ = 0", student_mi(1, 0), lambda n, r: student_pair(1, 0, n, r)
    yield "t₂ pair, ρ = 0.6", student_mi(2, 0.6), lambda n, r: student_pair(2, 0.6, n, r)

    def waiting(n, rng):
        x = rng.exponential(size=n)
        return x, rng.exponential(size=n) / x

    yield "waiting time, rate X exponential", 1 - np.euler_gamma, waiting
    for width in [0.1, 1.0]:

        def sum_of_uniforms(n, rng, width=width):
            x = rng.random(n)
            return x, x + width * rng.random(n)

        yield f"X uniform, plus uniform noise of width {width}", 0.5 * width - np.log(width), sum_of_uniforms
    signals = [
        ("x²", np.square, 0.5),
        ("|x|", np.abs, 0.2),
        ("sin 4x", lambda x: np.sin(4 * x), 0.3),
        ("whole part of x", np.floor, 0.3),
        ("tanh 3x", lambda x: np.tanh(3 * x), 0.5),
        ("x³", lambda x: x**3, 1.0),
    ]
    for name, signal, sd in signals:

        def curve(n, rng, signal=signal, sd=sd):
            x = rng.normal(size=n)
            return x, signal(x) + sd * rng.normal(size=n)

        yield f"{name} + {sd} N", with_noise_mi(signal, sd), curve
    for scale in [1, 10]:

        def counts(n, rng, scale=scale):
            x = rng.gamma(2, size=n)
            return x, rng.poisson(scale * x)

        yield f"counts of rate {scale} × gamma", poisson_mi(2, scale), counts
    for rho in [0.4, 0.8]:

        def ratings(n, rng, rho=rho):
            return [np.digitize(side, cuts) for side in normal_pair(rho, n, rng)]

        yield f"two ratings of five levels, ρ = {rho}", levels_mi(rho, cuts), ratings
    halves = np.arange(-4.25, 4.3, 0.5)
    yield (
        "normal pair rounded to halves, ρ = 0.8",
        levels_mi(0.8, halves),
        lambda n, r: [np.round(2 * side) / 2 for side in normal_pair(0.8, n, r)],
    )

    def circle(n, rng):
        angle, radius = 2 * np.pi * rng.random(n), 1 + 0.1 * rng.normal(size=n)
        return radius * np.cos(angle), radius * np.sin(angle)

    yield "circle, radius 1 ± 0.1", density_mi(lambda x, y: stats.norm.pdf(np.hypot(x, y), 1, 0.1) / np.hypot(x, y), -1.8, 1.8), circle
    centres = np.array([[1, 1], [-1, -1], [2, -1]])

    def blobs(n, rng):
        return (centres[rng.integers(3, size=n)] + 0.3 * rng.normal(size=(n, 2))).T

    yield (
        "three blobs",
        density_mi(lambda x, y: sum(stats.norm.pdf(x, a, 0.3) * stats.norm.pdf(y, b, 0.3) for a, b in centres), -4, 5),
        blobs,
    )
    for share in [0.2, 0.5, 0.8]:
        for rho in [0.5, 0.9]:

            def rain(n, rng, share=share, rho=rho):
                x, y = normal_pair(rho, n, rng)
                return x, np.where(rng.random(n) < share, 0, np.exp(y))

            yield f"log-normal Y, {100 * share:.0f} % zeros, ρ = {rho}", (1 - share) * normal_mi(rho), rain
    yield (
        "log-normal X and Y, half zeros each, ρ = 0.9",
        0.25 * normal_mi(0.9),
        lambda n, r: [np.where(r.random(n) < 0.5, 0, np.exp(side)) for side in normal_pair(0.9, n, r)],
    )

    def pairs(n, rng, dim, rho, rotated):
        x = rng.normal(size=(n, dim))
        y = rho * x + np.sqrt(1 - rho * rho) * rng.normal(size=(n, dim))
        return x, y @ stats.ortho_group.rvs(dim, random_state=rng) if rotated else y

    yield "3 pairs, ρ = 0.5", 3 * normal_mi(0.5), lambda n, r: pairs(n, r, 3, 0.5, False)
    yield "8 pairs, ρ = 0.5, Y rotated", 8 * normal_mi(0.5), lambda n, r: pairs(n, r, 8, 0.5, True)

    def among_ten(n, rng):
        x = rng.normal(size=(n, 10))
        return x, 0.7 * x[:, 4] + np.sqrt(0.51) * rng.normal(size=n)

    yield "one of ten columns, ρ = 0.7", normal_mi(0.7), among_ten

    def of_five(n, rng):
        x = rng.normal(size=(n, 5))
        return x, x.sum(1) / np.sqrt(5) + rng.normal(size=n)

    yield "sum of five columns, half of it noise", 0.5 * np.log(2), of_five
    yield "independent, log-normal and uniform", 0.0, lambda n, r: (np.exp(r.normal(size=n)), r.random(n))
    yield "independent, 6 normal and 6 t₃ columns", 0.0, lambda n, r: (r.normal(size=(n, 6)), r.standard_t(3, size=(n, 6)))
    yield "independent ratings of five levels", 0.0, lambda n, r: (r.integers(1, 6, size=n), r.integers(1, 6, size=n))


def answer(what, laws, rows):
    """Asks tables of all laws at these numbers of rows, as the command line says, and prints the table of errors."""
    arguments = parser(what)
    arguments.add_argument("--tables", type=int, default=12)
    arguments.add_argument("--seed", type=int, default=11)
    args = arguments.parse_args()
    mist = Mist(args)
    rng = np.random.default_rng(args.seed)

    def column(side, n):
        side = np.asarray(side).reshape(n, -1)
        return side if side.dtype.kind == "U" else side.astype(float)

    print("| law | MI |" + "".join(f" n = {n} |" for n in rows))
    print("|---|---|" + "---|" * len(rows))
    every = {n: [] for n in rows}
    for name, mi, draw in laws:
        cells = []
        for n in rows:
            tables = [[column(side, n) for side in draw(n, rng)] for _ in range(args.tables)]
            answers, _ = mist.pairs("plain", tables)
            error = np.array([answer["mi"] for answer in answers]) - mi
            intervals = [answer["interval"] for answer in answers]
            held = np.array([i["lower"] <= mi + 1e-9 and mi - 1e-9 <= i["upper"] for i in intervals])
            every[n].append((np.abs(error).mean(), held.mean()))
            cells.append(f"{error.mean():+.3f}, {np.abs(error).mean():.3f}, {100 * held.mean():.0f} %")
        print(f"| {name} | {mi:.3f} | " + " | ".join(cells) + " |", flush=True)
    means = [np.mean(every[n], axis=0) for n in rows]
    print("| all | | " + " | ".join(f"{error:.3f}, {100 * held:.0f} %" for error, held in means) + " |")


if __name__ == "__main__":
    answer(__doc__.splitlines()[0], laws(), ROWS)
