#!/usr/bin/env python3
"""Draws M_test, the test sets of MIST (arXiv 2511.18945), with the samplers of `mist-statinf` itself.

Environment: see requirements-reference.txt. Then:
    target/venv-reference/bin/python scripts/reference_m_test.py --out target/reference/m_test

Six in-meta ("imd") and seven out-of-meta ("oomd") families, each with `--per-family` sets, n spread evenly over
10..500. Families, parameter ranges, samplers and MI are the reference's. What differs from its own `generate` command:

- the dimension is drawn anew for every set, where the reference shares one among the nine sets of a (n, family) cell;
- parameters and data have separate 31-bit seeds, where the reference uses one seed below 10,000 for both, so that a
  Student set's degrees of freedom and its first rows come from the same random numbers;
- numpy's global generator is seeded before each draw, since the additive-noise sampler ignores the generator it is given.

As in the reference, values are rounded to float32 (and stored as float64).
"""

import argparse

from reference_common import M_TEST, SetWriter, import_distribution_generator, split_family  # first: thread limits
import numpy as np

DIM_MIN, DIM_MAX = 2, 32
N_MIN, N_MAX = 10, 500


def draw(generator, family, n, dim, task_seed, sample_seed):
    """One data set (x, y) of a family and its MI in nats."""
    base, structure, transforms = split_family(family)
    task = generator._create_base_task(base, dim, dim, structure, task_seed)
    task = generator._apply_transforms(task, transforms)
    np.random.seed(sample_seed)
    x, y = task.sample(n, seed=sample_seed)
    x, y = (np.asarray(v).astype(np.float32) for v in (x, y))
    return x, y, float(task.sampler.mutual_information())


def main():
    parser = argparse.ArgumentParser(description="write M_test sets drawn by mist-statinf")
    parser.add_argument("--out", required=True, help="new folder for the sets")
    parser.add_argument("--per-family", type=int, default=24, help="sets per family")
    parser.add_argument("--seed", type=int, default=2511, help="root seed")
    args = parser.parse_args()

    generator = import_distribution_generator()
    writer = SetWriter(args.out)
    for split_index, (split, families) in enumerate(M_TEST.items()):
        for family_index, family in enumerate(families):
            for i, n in enumerate(np.linspace(N_MIN, N_MAX, args.per_family, dtype=int)):
                key = np.random.SeedSequence([args.seed, split_index, family_index, i])
                task_seed, sample_seed = (int(s) >> 1 for s in key.generate_state(2))
                dim = int(np.random.default_rng(key.spawn(1)[0]).integers(DIM_MIN, DIM_MAX + 1))
                x, y, mi_nats = draw(generator, family, int(n), dim, task_seed, sample_seed)
                writer.add(f"{split}/{family}/{i}", x, y, mi_nats, family, f"m_test_{split}", split=split)
    writer.finish()


if __name__ == "__main__":
    main()
