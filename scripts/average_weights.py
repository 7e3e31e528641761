#!/usr/bin/env python3
"""Writes the mean of the weights of checkpoints of one training as a checkpoint, which the next part may begin with.

    target/venv-operations/bin/python scripts/average_weights.py OUT.safetensors LAST.safetensors EARLIER.safetensors …

Environment: scripts/requirements-operations.txt. The JSON beside it is that of LAST without its calibration. Parts that went on from one another lie in
one basin, where a mean is as good as any of them and less noisy (Wortsman et al. 2022, arXiv 2203.05482).
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

# What holds of the weights of LAST alone.
OWN = ["checksum", "calibration", "coverage", "independence", "conditional"]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("out", type=Path)
    arguments.add_argument("checkpoints", type=Path, nargs="+", metavar="CHECKPOINT")
    args = arguments.parse_args()

    parts = [load_file(path) for path in args.checkpoints]
    for path, part in zip(args.checkpoints, parts):
        if {name: t.shape for name, t in part.items()} != {name: t.shape for name, t in parts[0].items()}:
            raise SystemExit(f"error: `{path}` is of another network than `{args.checkpoints[0]}`")
    mean = {name: np.mean([part[name].astype(np.float64) for part in parts], axis=0).astype(np.float32) for name in parts[0]}
    save_file(mean, args.out)

    described = json.loads(args.checkpoints[0].with_suffix(".json").read_text())
    described = {key: value for key, value in described.items() if key not in OWN}
    described |= {"name": args.out.stem, "sha256": hashlib.sha256(args.out.read_bytes()).hexdigest()}
    args.out.with_suffix(".json").write_text(json.dumps(described, indent=2) + "\n")


if __name__ == "__main__":
    main()
