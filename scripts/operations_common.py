"""Runs `mist` for the scripts that measure its operations: where the binary is, with which checkpoint, in which folder."""

import argparse
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

ROOT = Path(__file__).resolve().parent.parent


def parser(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--mist", default=str(ROOT / "target/release/mist"), help="the binary")
    parser.add_argument("--checkpoint", help="weights [default: the embedded ones]")
    parser.add_argument("--work", default=str(ROOT / "target/operations"), help="folder for the tables")
    return parser


class Used:
    """What a command took: seconds that passed, seconds of processors, MiB of memory at most, load of the machine."""

    def __init__(self, wall, usage):
        self.wall = wall
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak_mib = usage.ru_maxrss / 1024
        self.load = os.getloadavg()[0]

    def row(self):
        """Cells of a table; half the processor seconds is what two cores with nothing else to do would take at best."""
        return f"{self.cpu:.0f} | {self.cpu / 2:.0f} | {self.wall:.0f} | {self.load:.1f} | {self.peak_mib:.0f}"


def labelled(folder):
    """Tables that `mist generate --pointwise` wrote: X, Y, the MI, and the pointwise MI of every row."""
    for shard in sorted(Path(folder).glob("*.safetensors")):
        data = load_file(shard)
        starts = np.concatenate([[0], np.cumsum(data["n"].astype(np.int64))])
        for i, n in enumerate(data["n"].astype(int)):
            columns = data["values"][int(data["offsets"][i]) : int(data["offsets"][i + 1])].reshape(n, -1)
            dim_x = int(data["dim_x"][i])
            rows = data["pointwise_mi"][starts[i] : starts[i + 1]]
            yield columns[:, :dim_x], columns[:, dim_x:], float(data["mi_nats"][i]), rows


USED_HEAD = "CPU, s | half of it, s (two quiet cores) | wall, s | load | peak memory, MiB"


class Mist:
    def __init__(self, args):
        self.binary = str(Path(args.mist).resolve())
        self.options = ["--checkpoint", str(Path(args.checkpoint).resolve())] if args.checkpoint else []
        self.work = Path(args.work).resolve()
        self.work.mkdir(parents=True, exist_ok=True)

    def run(self, *words):
        """The output, and what the command took."""
        command = [self.binary, *map(str, words), *self.options]
        start = time.time()
        process = subprocess.Popen(command, cwd=self.work, stdout=subprocess.PIPE, text=True)
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1):
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
        return out, Used(time.time() - start, usage)

    def suite(self, config, seed):
        """The tables of a suite, by its name or its file, as `labelled` has them."""
        folder = self.work / "suite"
        shutil.rmtree(folder, ignore_errors=True)
        what = ["--config", str(config), "--split", "test", "--seed", str(seed), "--pointwise", "--out", str(folder)]
        subprocess.run([self.binary, "--quiet", "generate", *what], check=True)
        tables = list(labelled(folder))
        shutil.rmtree(folder)
        return tables

    def pairs(self, name, pairs, *words):
        """Answers to pairs of arrays, by `mist estimate --batch`; what is not numbers is a category."""
        folder = self.work / name
        folder.mkdir(exist_ok=True)

        def written(values, stem):
            if values.dtype.kind in "biuf":
                np.save(folder / f"{stem}.npy", values)
                return f"{stem}.npy"
            names = ",".join(f"{stem}_{j}" for j in range(values.shape[1]))
            np.savetxt(folder / f"{stem}.csv", values, fmt="%s", delimiter=",", header=names, comments="")
            return f"{stem}.csv"

        lines = []
        for i, (x, y) in enumerate(pairs):
            lines.append(json.dumps({"id": i, "x": written(x, f"x{i}"), "y": written(y, f"y{i}")}))
        (folder / "pairs.jsonl").write_text("\n".join(lines) + "\n")
        # A warning about each of a thousand small tables would drown what matters.
        out, used = self.run("--quiet", "estimate", "--batch", folder / "pairs.jsonl", *words)
        answers = [json.loads(line) for line in out.splitlines()]
        failed = [a["error"] for a in answers if "error" in a]
        if failed:
            raise SystemExit(f"{len(failed)} pairs of {name} failed, first: {failed[0]}")
        return answers, used
