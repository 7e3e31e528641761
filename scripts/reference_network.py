#!/usr/bin/env python3
"""The published network in PyTorch, as mist-statinf 0.1.1 has it: golden outputs, weights in the authors' format, and a
reading of its answers to tables.

    python scripts/reference_network.py golden --out tests/reference/network.json
    python scripts/reference_network.py weights --out FOLDER [--quantile]    # model.safetensors and config.json, as on the hub
    python scripts/reference_network.py speed --mist target/release/mist     # docs/results/reference-network.md

The weights are no trained ones: each is a function of its name and its place (`weight` below), which the tests compute
likewise, so that 22 MB need not be stored. Environment: scripts/requirements-torch.txt, and mist-statinf without its
dependencies: pip install --no-deps mist-statinf==0.1.1"""

import argparse
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import types
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
TAUS = [0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99]

# Rows, columns of a side, and whether the values are whole numbers, many of whose rows sum up to 0.
CASES = [(10, 2, 0), (10, 32, 0), (37, 3, 0), (60, 2, 1), (100, 16, 0), (150, 5, 1), (250, 9, 0), (250, 32, 0), (500, 2, 0),
         (500, 32, 0)]


def noise(name, count):
    """Numbers in [-1, 1) on a grid of 2^-23, from SplitMix64 (Steele et al. 2014) on a stream keyed by the FNV-1a hash of a
    name."""
    key = 0xCBF29CE484222325
    for byte in name.encode():
        key = (key ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        v = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(key)
        v = (v ^ (v >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        v = (v ^ (v >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        v = v ^ (v >> np.uint64(31))
    return (v >> np.uint64(40)).astype(np.float64) / 2.0**23 - 1.0


def weight(name, shape):
    """Gains around 1, biases around 0, the network's own vectors of the size of a token, matrices by their inputs."""
    u = noise(name, int(np.prod(shape)))
    if len(shape) == 1:
        values = 1 + 0.25 * u if name.endswith("weight") else 0.1 * u
    elif len(shape) == 3:
        values = u
    else:
        values = u * (1.75 / np.sqrt(np.float64(shape[-1])))
    return torch.from_numpy(values.reshape(shape).astype(np.float32))


def data(n, d, whole):
    """Columns of x and of y, (n, 2d): sums of noise on scales of their own, every y with a part of its x."""
    columns = []
    for j in range(2 * d):
        values = noise(f"data {n} {d} {whole} {j}", 3 * n).reshape(3, n).sum(0)
        if j >= d:
            values = 0.75 * values + 0.5 * columns[j - d]
        columns.append(values)
    table = np.stack(columns, 1)
    return np.round(table) if whole else table * (1 + np.arange(2 * d) % 4)


def network(quantile):
    """The authors' class, with the sizes that their package reads for their released weights."""
    if "mist_statinf" not in sys.modules:
        spec = importlib.util.find_spec("mist_statinf")
        if spec is None:
            raise SystemExit("error: no mist-statinf: pip install --no-deps mist-statinf==0.1.1")
        # Its __init__ imports what the network does not need.
        package = types.ModuleType("mist_statinf")
        package.__path__ = list(spec.submodule_search_locations)
        sys.modules["mist_statinf"] = package
    from mist_statinf.model.estimator import MISTModel

    sizes = {"max_input_dim": 64, "n_phi_layers": 2, "n_dec_layers": 1, "phi_hidden_dim": 256, "n_phi_heads": 16,
             "phi_dim_forward": 1024, "phi_activation_fun": "gelu", "n_rho_layers": 3, "rho_hidden_dim": 256, "n_inds": 32,
             "phi_model": "set_transformer", "sab_stack_layers": 2, "n_seeds": 10, "quantile_conditioned": quantile}
    model = MISTModel(**sizes).eval()
    model.load_state_dict({name: weight(name, tuple(p.shape)) for name, p in model.state_dict().items()})
    return model, sizes


def source(table):
    x = torch.tensor(table, dtype=torch.float32).unsqueeze(0)
    return torch.nn.functional.pad(x, (0, 64 - x.shape[-1]))


@torch.no_grad()
def answers(model, table, quantile):
    """The mean, or the quantiles at all levels, one by one as their estimator asks for them."""
    x = source(table)
    if not quantile:
        return [float(model({"source": x}))]
    return [float(model({"source": x, "tau": torch.full((1, 1), tau)})) for tau in TAUS]


def golden(args):
    out = {"mist_statinf": version("mist-statinf"), "torch": torch.__version__, "parameters": {}, "cases": []}
    for quantile in (False, True):
        model, _ = network(quantile)
        out["parameters"]["quantile" if quantile else "mean"] = sum(p.numel() for p in model.parameters())
        for n, d, whole in CASES:
            table = data(n, d, whole)
            out["cases"].append({"quantile": quantile, "n": n, "dim": d, "whole": bool(whole),
                                 "padding": int((table.sum(1) == 0).sum()), "nats": answers(model, table, quantile)})
            print(out["cases"][-1])
    text = json.dumps(out, separators=(",", ":")).replace('{"quantile"', '\n{"quantile"')
    args.out.write_text(text + "\n")


def weights(args):
    from safetensors.torch import save_file

    args.out.mkdir(parents=True, exist_ok=True)
    model, sizes = network(args.quantile)
    save_file({f"core.{k}": v.contiguous() for k, v in model.state_dict().items()}, args.out / "model.safetensors")
    (args.out / "config.json").write_text(json.dumps({**sizes, "output_dim": 1, "license": "mit", "repo_url": None}, indent=2))


def of_mist(args, folder, table, checkpoint, answers):
    """CPU seconds of one answer: what more answers take more, over their number. Loading the weights counts in neither."""
    x, y = np.hsplit(table, 2)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)

    def seconds(lines):
        (folder / "pairs.jsonl").write_text("".join(f'{{"id": {i}, "x": "x.npy", "y": "y.npy"}}\n' for i in range(lines)))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [args.mist, "estimate", "--batch", folder / "pairs.jsonl", "--threads", "1", "--device", "cpu"]
        if checkpoint is not None:
            command += ["--checkpoint", checkpoint]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"RAYON_NUM_THREADS": "1"})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return (seconds(1 + answers) - seconds(1)) / answers


def of_torch(model, table, quantile, answers):
    start = time.process_time()
    for _ in range(answers):
        x = source(table)
        if quantile:
            # As in their `estimate_interval_qr`: two ends and the median, side by side.
            batch = {"source": x.expand(3, -1, -1).contiguous(), "tau": torch.tensor([[0.05], [0.95], [0.5]])}
        else:
            batch = {"source": x}
        with torch.no_grad():
            model(batch)
    return (time.process_time() - start) / answers


def speed(args):
    torch.set_num_threads(1)
    print(f"PyTorch {torch.__version__}, one thread; CPU seconds per answer, 32 + 32 columns, medians of {args.rounds} rounds\n")
    print("| rows | variant | PyTorch | mist, the same network | ratio | mist, its own network | ratio to PyTorch |")
    print("|---" * 7 + "|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for quantile in (False, True):
            weights(argparse.Namespace(out=folder / str(quantile), quantile=quantile))
        for n, count in ((500, args.answers), (2000, max(2, args.answers // 4))):
            for quantile in (False, True):
                model, _ = network(quantile)
                table = data(n, 32, 0)
                of_torch(model, table, quantile, 1)
                rounds = []
                for _ in range(args.rounds):
                    rounds.append((of_torch(model, table, quantile, count),
                                   of_mist(args, folder, table, folder / str(quantile) / "model.safetensors", count),
                                   of_mist(args, folder, table, None, count)))
                # Ratios of one round are paired: both programs met the same machine.
                torch_s, same_s, own_s = (statistics.median(column) for column in zip(*rounds))
                same, own = (statistics.median(r[0] / r[i] for r in rounds) for i in (1, 2))
                variant = "quantiles" if quantile else "mean"
                print(f"| {n} | {variant} | {torch_s:.3f} | {same_s:.3f} | {same:.2f} | {own_s:.3f} | {own:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("golden")
    command.add_argument("--out", required=True, type=Path)
    command.set_defaults(run=golden)
    command = commands.add_parser("weights")
    command.add_argument("--out", required=True, type=Path)
    command.add_argument("--quantile", action="store_true")
    command.set_defaults(run=weights)
    command = commands.add_parser("speed")
    command.add_argument("--mist", default=ROOT / "target/release/mist", type=Path)
    command.add_argument("--answers", default=8, type=int)
    command.add_argument("--rounds", default=5, type=int)
    command.set_defaults(run=speed)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
