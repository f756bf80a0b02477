# SPDX-License-Identifier: MIT
"""All programs, operations and boxes, in rounds."""
import itertools
import os
import statistics
import tempfile
from pathlib import Path

import relion_peer
import report
from bracewell_peer import Bracewell
from entry import clock_of
from finufft_peer import Finufft
from inputs import Inputs
from torch_peer import TorchProjectors

OPERATIONS = [("project", "linear"), ("project", "cubic"), ("project", "kaiser_bessel_4"),
              ("backproject", "linear"), ("backproject", "cubic"), ("backproject", "kaiser_bessel_4"),
              ("derivatives", "linear"), ("derivatives", "cubic")]


def measure_box(options, bench, box, folder):
    """Rows of the table for one box."""
    inputs = Inputs(options.map, box, options.samples, folder)
    print(f"box {box}: {inputs.poses} slices, {inputs.samples} samples", flush=True)
    bracewell = Bracewell(inputs, bench, options.clock)
    peers = [TorchProjectors, Finufft] + ([] if relion_peer.missing() else [relion_peer.Relion])
    programs = [bracewell] + [peer(inputs, bracewell, clock_of(options.clock)) for peer in peers]
    rows = []
    for operation, kernel in OPERATIONS:
        if options.only not in f"{operation} {kernel}":
            continue
        entries = list(itertools.chain.from_iterable(program.entries(operation, kernel) for program in programs))
        errors = [entry.error() for entry in entries]  # runs every program once before it is timed
        times = [[] for _ in entries]
        for _ in range(options.rounds):
            for entry, taken in zip(entries, times):
                taken.append(entry.seconds())
        base = {e.precision: t for e, t in zip(entries, times) if e.program == "Bracewell" and e.threads == 1}
        for entry, taken, error in zip(entries, times, errors):
            def ratio(precision):
                return statistics.median(a / b for a, b in zip(taken, base[precision])) if precision in base else None
            ns = [1e9 * seconds / inputs.samples for seconds in taken]
            middle = statistics.median(ns)
            rows.append(dict(box=box, operation=operation, kernel=kernel, program=entry.program, precision=entry.precision,
                             threads=entry.threads, ns=middle, spread=(max(ns) - min(ns)) / middle, float=ratio("float"),
                             double=ratio("double"), error=error))
            print(f"  {operation:12} {kernel:16} {report.label(rows[-1]):55} {middle:8.3g} ns", flush=True)
    return rows, bracewell.run(bracewell.name("project", "linear", "float", 1), 1, "--benchmark_min_time=0.01")[1]


def processor():
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown processor")


def run(options, bench):
    options.output.mkdir(parents=True, exist_ok=True)
    rows, context = [], {}
    for box in options.boxes:
        with tempfile.TemporaryDirectory(prefix="bracewell-peers-") as folder:
            more, context = measure_box(options, bench, box, Path(folder))
            rows += more
    clock = "CPU time" if options.clock == "cpu" else "wall-clock time"
    preamble = [
        f"{processor()}, {os.cpu_count()} cores; {context['compiler']}, `{context['flags']}`. Medians of {options.rounds} "
        f"rounds, {clock}; spread: (longest − shortest) / median.",
        "Times are in ns per stored sample inside the cutoff; × float and × double are ratios of times to Bracewell's on one "
        "thread in that precision, medians of each round's."]
    notes = [
        "Error of project: relative L2 distance from the exact Fourier sum of the map, from the first frequency to 0.49 cycles "
        "per pixel, references corrected for each program's kernel. Of backproject: from the plain loop's result in double, "
        "torch-projectors' without the voxel of zero frequency. Of gradients: the largest of the three's distances from "
        "Bracewell's.",
        *filter(None, [relion_peer.missing()])]
    (options.output / "table.md").write_text(report.table(rows, preamble, notes))
    report.chart(rows, options.output / "chart.png")
    print(f"wrote {options.output}/table.md and {options.output}/chart.png")
