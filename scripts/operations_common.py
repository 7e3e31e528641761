"""Runs `mist` for the scripts that measure its operations: where the binary is, with which checkpoint, in which folder."""

import argparse
import json
import os
import subprocess
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent


def parser(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--mist", default=str(ROOT / "target/release/mist"), help="the binary")
    parser.add_argument("--checkpoint", help="weights [default: the embedded ones]")
    parser.add_argument("--work", default=str(ROOT / "target/operations"), help="folder for the tables")
    return parser


class Mist:
    def __init__(self, args):
        self.binary = str(Path(args.mist).resolve())
        self.options = ["--checkpoint", str(Path(args.checkpoint).resolve())] if args.checkpoint else []
        self.work = Path(args.work)
        self.work.mkdir(parents=True, exist_ok=True)

    def run(self, *words):
        """The output, and the seconds that passed and that processors worked."""
        before, start = os.times(), time.time()
        command = [self.binary, *map(str, words), *self.options]
        result = subprocess.run(command, cwd=self.work, stdout=subprocess.PIPE, text=True)
        after = os.times()
        cpu = after.children_user - before.children_user + after.children_system - before.children_system
        if result.returncode not in (0, 1):
            raise SystemExit(f"{' '.join(command)} ended with {result.returncode}")
        return result.stdout, time.time() - start, cpu

    def pairs(self, name, pairs, *words):
        """Answers to pairs of arrays, by `mist estimate --batch`."""
        folder = self.work / name
        folder.mkdir(exist_ok=True)
        lines = []
        for i, (x, y) in enumerate(pairs):
            np.save(folder / f"x{i}.npy", x)
            np.save(folder / f"y{i}.npy", y)
            lines.append(json.dumps({"id": i, "x": f"x{i}.npy", "y": f"y{i}.npy"}))
        (folder / "pairs.jsonl").write_text("\n".join(lines) + "\n")
        out, wall, cpu = self.run("estimate", "--batch", folder / "pairs.jsonl", *words)
        answers = [json.loads(line) for line in out.splitlines()]
        failed = [a["error"] for a in answers if "error" in a]
        if failed:
            raise SystemExit(f"{len(failed)} pairs of {name} failed, first: {failed[0]}")
        return answers, wall, cpu
