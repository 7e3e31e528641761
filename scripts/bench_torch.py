#!/usr/bin/env python3
"""Speed of a training step, `mist bench train` against the same network in PyTorch, in turns on the same machine.

    python scripts/bench_torch.py --mist target/release/mist [--device cpu|cuda] [--threads 2] [--compile]

Both run forward, backward, clipping, AdamW and the average of the weights, in f32, on the same shapes with the same number
of tasks. PyTorch's threads are those of its operations; mist's are whole graphs. First the two networks are given the same
weights and the same numbers: their outputs must agree. Environment: scripts/requirements-torch.txt."""

import argparse
import json
import math
import statistics
import subprocess
import time
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch_axial import Axial, pinball

ROOT = Path(__file__).resolve().parent.parent


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--mist", default=ROOT / "target/release/mist", type=Path)
    p.add_argument("--checkpoint", default=None, type=Path, help="weights of both [default: the newest in checkpoints/]")
    p.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    p.add_argument("--threads", default=2, type=int)
    p.add_argument("--batch-times", default=1, type=int)
    p.add_argument("--seconds", default=3.0, type=float, help="time for each shape and round")
    p.add_argument("--rounds", default=3, type=int, help="the figure is the median over these")
    p.add_argument("--compile", action="store_true", help="measure torch.compile, too")
    p.add_argument("--tf32", action="store_true", help="let PyTorch use TF32 on CUDA")
    return p.parse_args()


def newest_checkpoint():
    files = [f for f in (ROOT / "checkpoints").glob("mist-*.safetensors") if ".state" not in f.name]
    return max(files, key=lambda f: f.stem)


def mist(args, *more):
    command = [args.mist, "bench", "train", "--device", args.device, "--threads", str(args.threads),
               "--batch-times", str(args.batch_times), "--format", "json", *more]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["shapes"]


class Step:
    """One training step of the PyTorch network on fixed data."""

    def __init__(self, tensors, config, shape, device, compiled):
        n, d, b = shape["n"], shape["dims"], shape["tasks"]
        g = torch.Generator().manual_seed(1)
        self.z = torch.randn(b, n, 2 * d, generator=g).to(device)
        self.ties = torch.zeros_like(self.z)
        self.mi = torch.rand(b, generator=g).to(device)
        self.dim_x = d
        self.taus = torch.tensor(config["taus"], device=device)
        self.network = Axial(tensors, config).to(device)
        self.forward = torch.compile(self.network, dynamic=False) if compiled else self.network
        self.weights = list(self.network.parameters())
        self.average = [w.detach().clone() for w in self.weights]
        self.optimizer = torch.optim.AdamW(self.weights, lr=2.5e-3, betas=(0.9, 0.99), weight_decay=1e-4)

    def __call__(self):
        loss = pinball(self.forward(self.z, self.ties, self.dim_x), self.mi, self.taus)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
        self.optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.weights, 0.002)


def synchronize(device):
    if device == "cuda":
        torch.cuda.synchronize()


def tasks_per_second(step, tasks, seconds, device):
    step()
    synchronize(device)
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        step()
        synchronize(device)
        steps += 1
    return steps * tasks / (time.perf_counter() - start)


def check_agreement(tensors, config, checkpoint, args):
    """Largest difference of the two networks' quantiles on one data set, in ln(1 + MI)."""
    import numpy as np
    import tempfile

    # No ties, and all columns positively correlated: their scores are plain to compute here, up to a common sign.
    rng = np.random.default_rng(3)
    n, d = 60, 3
    common = 2 * rng.standard_normal((n, 1))
    x, y = (common + rng.standard_normal((n, d)) for _ in range(2))
    with tempfile.TemporaryDirectory() as folder:
        for name, a in (("x", x), ("y", y)):
            np.save(Path(folder) / f"{name}.npy", a)
        command = [args.mist, "estimate", f"{folder}/x.npy", f"{folder}/y.npy", "--format", "json",
                   "--checkpoint", checkpoint, "--device", args.device]
        answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    values = np.concatenate([x, y], 1)
    ranks = values.argsort(0).argsort(0)
    z = torch.special.ndtri((torch.tensor(ranks, dtype=torch.float64) + 0.5) / n)
    network, taus = Axial(tensors, config), config["taus"]
    ours = [math.log1p(v) for v in (answer["mi"], answer["interval"]["lower"], answer["interval"]["upper"])]

    def difference(z):
        with torch.no_grad():
            q = network(z.float()[None], torch.zeros(1, n, 2 * d), d)[0]
        theirs = [max(float(q[taus.index(t)]), 0.0) for t in (0.5, 0.05, 0.95)]
        return max(abs(a - b) for a, b in zip(ours, theirs))

    return min(difference(z), difference(-z))


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.backends.cuda.matmul.allow_tf32 = args.tf32
    checkpoint = args.checkpoint or newest_checkpoint()
    config = json.loads(checkpoint.with_suffix(".json").read_text())["network"]
    tensors = load_file(checkpoint)
    difference = check_agreement(tensors, config, checkpoint, args)
    print(f"largest difference of the quantiles, same weights and data: {difference:.1e}")
    if difference > 1e-3:
        raise SystemExit("error: the two networks are not the same: no comparison is made")
    device = torch.cuda.get_device_name() if args.device == "cuda" else f"cpu, {args.threads} threads"
    print(f"PyTorch {torch.__version__}, {device}, tasks per second (median of {args.rounds} rounds in turns)\n")
    kinds = ["eager"] + (["compile"] if args.compile else [])
    print("| rows | columns | tasks | mist | " + " | ".join(f"PyTorch {k} | ratio" for k in kinds) + " |")
    print("|---" * (4 + 2 * len(kinds)) + "|")
    ratios = {k: [] for k in kinds}
    for index, measured in enumerate(mist(args, "--seconds", "0.05"), 1):
        shape = measured["shape"]
        steps = {k: Step(tensors, config, shape, args.device, k == "compile") for k in kinds}
        rates = {k: [] for k in ["mist", *kinds]}
        for _ in range(args.rounds):
            rates["mist"].append(mist(args, "--seconds", str(args.seconds), "--shape", str(index))[0]["tasks_per_second"])
            for k in kinds:
                rates[k].append(tasks_per_second(steps[k], shape["tasks"], args.seconds, args.device))
        ours = statistics.median(rates["mist"])
        cells = [f"{shape['n']}", f"{shape['dims']} + {shape['dims']}", f"{shape['tasks']}", f"{ours:.1f}"]
        for k in kinds:
            theirs = statistics.median(rates[k])
            ratios[k].append(ours / theirs)
            cells += [f"{theirs:.1f}", f"{ours / theirs:.2f}"]
        print("| " + " | ".join(cells) + " |", flush=True)
    for k in kinds:
        print(f"\ngeometric mean of the ratios to PyTorch {k}: {statistics.geometric_mean(ratios[k]):.2f}")


if __name__ == "__main__":
    main()
