#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints which share of the lines of include/ the tests run, and which lines they do not, by g++ and gcov.

A line counts where some test's program has code for it, and is run where any of them runs it: templates that no test instantiates
have none, but every public function is instantiated.

  tests/coverage.py --dependencies build/dependencies [--build build/coverage] [--jobs 2] [--targets bracewell_tests ...]
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dependencies", type=pathlib.Path, default=ROOT / "build/dependencies")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/coverage")
    parser.add_argument("--source", type=pathlib.Path, default=ROOT)
    parser.add_argument("--jobs", default="2")
    parser.add_argument("--targets", nargs="+", default=["bracewell_tests", "bracewell_device_tests", "bracewell_job_tests"])
    options = parser.parse_args()
    build, source = options.build.resolve(), options.source.resolve()

    subprocess.run(["cmake", "--preset", "test", "-B", build, f"-DBRACEWELL_DEPENDENCIES={options.dependencies.resolve()}",
                    "-DBRACEWELL_BUILD_EXAMPLES=OFF", "-DCMAKE_CXX_FLAGS=--coverage", "-DCMAKE_CXX_FLAGS_RELEASE=-O0 -DNDEBUG",
                    "-DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON"], cwd=source, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", build, "-j", options.jobs, "--target", *options.targets], check=True)
    for old in build.rglob("*.gcda"):
        old.unlink()
    environment = dict(os.environ, OMP_PROC_BIND="false", OMP_WAIT_POLICY="passive", OMP_NUM_THREADS="2")
    for target in options.targets:
        subprocess.run([build / "tests" / target, "~[threads]"], env=environment, check=False, stdout=subprocess.DEVNULL)

    counts = collections.defaultdict(lambda: collections.defaultdict(int))  # of a file's lines
    include = str(source / "include") + "/"
    for data in build.rglob("*.gcda"):
        output = subprocess.run(["gcov", "--json-format", "--stdout", data], cwd=data.parent, capture_output=True, check=True)
        for report in output.stdout.splitlines():
            for file in json.loads(report)["files"]:
                name = os.path.normpath(os.path.join(build, file["file"]))
                if name.startswith(include):
                    for line in file["lines"]:
                        counts[name[len(include):]][line["line_number"]] += line["count"]

    all_lines = run_lines = 0
    for name, lines in sorted(counts.items()):
        run = sum(count > 0 for count in lines.values())
        all_lines += len(lines)
        run_lines += run
        missed = [number for number, count in sorted(lines.items()) if count == 0]
        print(f"{run:5d} of {len(lines):5d}  {name}" + (f"  not: {' '.join(map(str, missed))}" if missed else ""))
    print(f"{run_lines} of {all_lines} lines are run: {100 * run_lines / max(all_lines, 1):.1f} %")


if __name__ == "__main__":
    main()
