"""What the reference scripts share: one thread per library, the manifest format, the door to mist-statinf.

Import it before numpy and jax: the thread limits are read when those load.

A folder of data sets holds one pair of .npy files per set (float64, C order, one row per sample) and a
`manifest.jsonl` with one JSON object a line: id, x and y (paths relative to the manifest), mi_nats, n, dim_x, dim_y,
family, suite, and where it applies split ("imd" or "oomd").
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import importlib.util
import json
import re
import sys
import types
from pathlib import Path

import numpy as np

# The families of M_train and M_test, in the names of mist-statinf's data-generation configs.
M_TRAIN = (
    "multi_normal-dense-base",
    "multi_normal-dense-halfcube",
    "multi_normal-dense-asinh",
    "multi_normal-sparse-wigglify",
    "multi_normal-sparse-base",
    "multi_normal-lvm-wigglify",
    "multi_normal-lvm-base",
    "multi_normal-2pair-base",
    "multi_student-dense-base",
    "multi_student-dense-wigglify",
    "multi_student-sparse-halfcube",
    "multi_student-sparse-base",
    "multi_student-sparse-asinh",
    "multi_student-2pair-asinh",
    "multi_student-2pair-halfcube",
    "multi_additive_noise-wigglify",
)
M_TEST = {
    "imd": (
        "multi_normal-dense-base",
        "multi_normal-lvm-wigglify",
        "multi_normal-dense-halfcube",
        "multi_student-dense-base",
        "multi_student-sparse-base",
        "multi_student-sparse-asinh",
    ),
    "oomd": (
        "multi_normal-dense-wigglify",
        "multi_normal-sparse-halfcube",
        "multi_normal-sparse-asinh",
        "multi_student-sparse-wigglify",
        "multi_student-dense-halfcube",
        "multi_additive_noise-base",
        "multi_additive_noise-halfcube",
    ),
}


def import_distribution_generator():
    """mist-statinf's `data.distribution_generator`, without running the package's `__init__`, which imports torch."""
    spec = importlib.util.find_spec("mist_statinf")
    if spec is None:
        sys.exit("error: `mist-statinf` is not installed\nhint: pip install --no-deps mist-statinf==0.1.1")
    package = types.ModuleType("mist_statinf")
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules["mist_statinf"] = package
    from mist_statinf.data import distribution_generator

    return distribution_generator


def split_family(family):
    """"multi_normal-dense-base" to ("multi_normal", "dense", ["base"]); additive noise has no correlation structure."""
    base, *rest = family.split("-")
    if base in ("multi_normal", "multi_student"):
        return base, rest[0], rest[1:]
    return base, None, rest


class SetWriter:
    """Writes data sets and their manifest into a folder that is new or empty."""

    def __init__(self, out):
        self.out = Path(out)
        if self.out.exists() and any(self.out.iterdir()):
            sys.exit(f"error: `{self.out}` is not empty\nhint: name a new folder")
        self.out.mkdir(parents=True, exist_ok=True)
        self.entries = []

    def add(self, name, x, y, mi_nats, family, suite, **extra):
        """Adds one set, in files named after `name`; refuses values that are not finite."""
        x, y = (np.ascontiguousarray(np.asarray(v), dtype=np.float64) for v in (x, y))
        if x.ndim != 2 or y.ndim != 2 or len(x) != len(y):
            raise ValueError(f"`{name}`: shapes {x.shape} and {y.shape} are not paired rows")
        if not (np.isfinite(x).all() and np.isfinite(y).all() and np.isfinite(mi_nats)):
            raise ValueError(f"`{name}`: a value is not finite")
        stem = re.sub(r"[^A-Za-z0-9._-]", "_", name)
        np.save(self.out / f"{stem}.x.npy", x)
        np.save(self.out / f"{stem}.y.npy", y)
        self.entries.append(
            {
                "id": name,
                "x": f"{stem}.x.npy",
                "y": f"{stem}.y.npy",
                "mi_nats": float(mi_nats),
                "n": int(len(x)),
                "dim_x": int(x.shape[1]),
                "dim_y": int(y.shape[1]),
                "family": family,
                "suite": suite,
            }
            | extra
        )

    def finish(self):
        """Writes the manifest last, so that a folder that has one is complete."""
        lines = "".join(json.dumps(e) + "\n" for e in self.entries)
        (self.out / "manifest.jsonl").write_text(lines)
        print(f"{len(self.entries)} sets in {self.out}", file=sys.stderr)


def read_manifest(path):
    """The entries of a manifest, with x and y as absolute paths."""
    path = Path(path)
    entries = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    for e in entries:
        e["x"], e["y"] = (path.parent.resolve() / e[k] for k in "xy")
    return entries
