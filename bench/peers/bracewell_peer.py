# SPDX-License-Identifier: MIT
"""Bracewell and the plain loops: bracewell_bench, run anew for every measurement."""
import json
import os
import subprocess

import numpy as np

from entry import Entry
from inputs import relative

OPERATIONS = {"project": "project", "backproject": "backproject", "derivatives": "project_and_vjp_all"}
TYPES = {"float": (np.float32, np.complex64), "double": (np.float64, np.complex128)}
UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}


class Bracewell:
    def __init__(self, inputs, bench, clock):
        self.inputs, self.bench, self.clock = inputs, bench, clock
        self.outputs = inputs.folder / "outputs"
        self.outputs.mkdir()
        self.all_threads = int(os.environ["BRACEWELL_ALL_THREADS"])
        self.environment = dict(os.environ, OMP_NUM_THREADS=str(self.all_threads))
        self.environment.setdefault("OMP_PROC_BIND", "false")

    def run(self, name, threads, *options):
        """What Google Benchmark tells of the benchmark of this name, and of its machine."""
        command = [str(self.bench), f"--inputs={self.inputs.folder.parent}", f"--boxes={self.inputs.box}",
                   f"--threads={threads}", f"--benchmark_filter=^{name}/real_time$", "--benchmark_format=json", *options]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        if done.returncode != 0 or not done.stdout.strip():
            raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
        told = json.loads(done.stdout)
        result = told["benchmarks"][0]
        if result.get("error_occurred"):
            raise SystemExit(f"{name}: {result['error_message']}")
        if int(result["samples"]) != self.inputs.samples:
            raise SystemExit(f"{name}: counts {result['samples']:.0f} samples, expected {self.inputs.samples}")
        return result, told["context"]

    def name(self, operation, kernel, precision, threads):
        shifts = int(operation == "derivatives")
        where = f"3to2/{precision}/{kernel}/box:{self.inputs.box}/shifts:{shifts}"
        if threads == 0:
            return f"plain_{operation}/{where}"
        return f"{OPERATIONS[operation]}/{where}/threads:{threads}"

    def entry(self, program, operation, kernel, precision, threads):
        name = self.name(operation, kernel, precision, threads)

        def seconds():
            result, _ = self.run(name, max(threads, 1), "--benchmark_min_time=0.3")
            return result["cpu_time" if self.clock == "cpu" else "real_time"] * UNITS[result["time_unit"]]

        return Entry(program, precision, seconds, lambda: self.error(operation, kernel, precision, threads), max(threads, 1))

    def entries(self, operation, kernel):
        yield self.entry("Bracewell", operation, kernel, "float", 1)
        if self.all_threads > 1 and self.clock == "wall":
            yield self.entry("Bracewell", operation, kernel, "float", self.all_threads)
        if operation == "derivatives":
            return
        yield self.entry("Bracewell", operation, kernel, "double", 1)
        if kernel in ("linear", "cubic"):
            yield self.entry("plain loop", operation, kernel, "float", 0)
            yield self.entry("plain loop", operation, kernel, "double", 0)

    def output(self, operation, kernel, precision, threads, what, dtype):
        name = self.name(operation, kernel, precision, threads)
        path = self.outputs / f"{name.replace('/', '_').replace(':', '_')}.{what}"
        if not path.exists():
            self.run(name, max(threads, 1), "--benchmark_min_time=0.01", f"--outputs={self.outputs}")
        return np.fromfile(path, dtype)

    def error(self, operation, kernel, precision, threads):
        real, complex_ = TYPES[precision]
        if operation == "project":
            return self.inputs.error(self.output(operation, kernel, precision, threads, "slices", complex_).reshape(
                self.inputs.slices.shape))
        if operation == "backproject" and (precision, threads) != ("double", 0) and kernel in ("linear", "cubic"):
            return self.insertion_error(kernel, self.output(operation, kernel, precision, threads, "data", complex_),
                                        self.output(operation, kernel, precision, threads, "density", real))
        return None

    def insertion_error(self, kernel, data, density, skip=0):
        """The larger relative distance of data and of density from the plain loop's in double, first voxels left out."""
        truth = self.output("backproject", kernel, "double", 0, "data", np.complex128)
        weight = self.output("backproject", kernel, "double", 0, "density", np.float64)
        return max(relative(data.ravel()[skip:], truth[skip:]), relative(density.ravel()[skip:], weight[skip:]))

    def gradients(self, kernel):
        """dL/d reference, rotations [P][2][3], shifts."""
        what = [("reference_bar", np.complex64), ("rotations_bar", np.float64), ("shifts_bar", np.float64)]
        reference, rotations, shifts = (self.output("derivatives", kernel, "float", 1, *w) for w in what)
        return reference, rotations.reshape(-1, 2, 3), shifts.reshape(-1, 2)
