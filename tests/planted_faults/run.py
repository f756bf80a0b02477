#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plants each fault of faults.py, by itself, and reports which ones the tests see. All must be seen.

All faults are compiled at once, into a copy of the repository, each beside the right text: (planted(n) ? wrong : right). Which one
is active is an environment variable, so that one build serves all. That build has few of the shared operations (double and float,
3 -> 2). Its programs: planted_tests on the host; bracewell_device_tests, what devices do; bracewell_job_tests, the job level.

  tests/planted_faults/run.py --dependencies build/dependencies [--build build/planted_faults] [--jobs 2] [--only WORDS]
"""

import argparse
import filecmp
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

from faults import FAULTS

ROOT = pathlib.Path(__file__).resolve().parents[2]

HEADER = """// Included before everything else.
#pragma once
#include <cstdlib>
inline const int planted_number = [] {
  const char* number = std::getenv("PLANTED_FAULT");
  return number ? std::atoi(number) : 0;
}();
constexpr bool planted(int number) { return __builtin_is_constant_evaluated() ? false : planted_number == number; }
#define BRACEWELL_RANDOM_SLICES (Axes<double, 3, 2>), (Axes<float, 3, 2>)
#define BRACEWELL_RANDOM_SLICE_DERIVATIVES (Axes<double, 3, 2>)
#define BRACEWELL_RANDOM_RASTERS (Axes<double, 3, 2>)
"""

OPERATIONS = """
SUPPORT_SLICING(extern template, double, 3, 2)
SUPPORT_DERIVATIVES(extern template, double, 3, 2)
SUPPORT_SLICING(extern template, float, 3, 2)
SUPPORT_RASTER(extern template, double, 3, 2)
"""

TESTS = """
add_executable(planted_tests EXCLUDE_FROM_ALL properties/random.cpp properties/bad_input.cpp detail/pose_order.cpp raster.cpp raster_widths.cpp finish.cpp kernels.cpp
               spectrum.cpp eigen.cpp workspace.cpp gauss_newton.cpp sampler.cpp ${operations})
target_compile_options(planted_tests PRIVATE ${quick})
target_include_directories(planted_tests PRIVATE ${PROJECT_SOURCE_DIR}/examples)
target_precompile_headers(planted_tests PRIVATE <bracewell/bracewell.hpp> <catch2/catch_template_test_macros.hpp>)
target_link_libraries(planted_tests PRIVATE bracewell_test_support Eigen3::Eigen FFTW3::fftw3)
"""


PROGRAMS = {"host": "planted_tests", "device": "bracewell_device_tests", "job": "bracewell_job_tests"}


def program_and_tags(tags):
    """'device [places]' is that program's; without a name, tags are the host's."""
    first, _, rest = tags.partition(" ")
    return (first, rest) if first in PROGRAMS else ("host", tags)


def plant(include):
    """Writes all faults into a copy of include/."""
    texts = {}
    for number, (name, file, right, wrong, _) in enumerate(FAULTS, 1):
        path = include / "bracewell" / file
        if path not in texts:
            texts[path] = (path.read_text(), {})
        text, places = texts[path]
        if text.count(right) != 1:
            sys.exit(f"fault '{name}': its right text is in {file} {text.count(right)} times")
        places.setdefault(right, []).append((number, wrong))
    for path, (text, places) in texts.items():
        for right, faults in places.items():
            statements = right.endswith((";", "}")) or "//" in right
            new = right
            for number, wrong in faults:
                if statements:
                    new = f"if (planted({number})) {{ {wrong} }} else {{ {new}\n }}"
                else:
                    new = f"(planted({number}) ? ({wrong}) : ({new}))"
            text = text.replace(right, new)
        path.write_text(text)


def prepare(build):
    fresh, source = build / "fresh", build / "source"
    shutil.rmtree(fresh, ignore_errors=True)
    for folder in ("include", "tests", "cmake", "examples", "bench"):
        shutil.copytree(ROOT / folder, fresh / folder)
    for file in ("CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md"):
        shutil.copy(ROOT / file, fresh)
    plant(fresh / "include")
    (fresh / "planted.hpp").write_text(HEADER)
    operations = fresh / "tests/support/operations.hpp"
    text = operations.read_text()
    text = re.sub(r"^ *SUPPORT_[A-Z]+\(extern template.*\n", "", text, flags=re.M)
    operations.write_text(text + OPERATIONS)
    lists = fresh / "tests/CMakeLists.txt"
    lists.write_text(lists.read_text().replace("# A ctest case for each", TESTS + "\n# A ctest case for each"))
    for file in fresh.rglob("*"):  # what has not changed keeps its time, and is not compiled again
        to = source / file.relative_to(fresh)
        if file.is_file() and not (to.exists() and filecmp.cmp(file, to, shallow=False)):
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, to)
    shutil.rmtree(fresh)
    return source


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dependencies", type=pathlib.Path, default=ROOT / "build/dependencies")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/planted_faults")
    parser.add_argument("--jobs", default="2")
    parser.add_argument("--from", dest="first", type=int, default=1, help="the number of the first fault")
    parser.add_argument("--only", default="", help="only faults whose name has these words")
    options = parser.parse_args()
    build = options.build.resolve()

    source = prepare(build)
    subprocess.run(["cmake", "--preset", "test", "-B", build / "test", f"-DBRACEWELL_DEPENDENCIES={options.dependencies.resolve()}",
                    "-DBRACEWELL_BUILD_EXAMPLES=OFF", f"-DCMAKE_CXX_FLAGS=-include {source / 'planted.hpp'} -w"],
                   cwd=source, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", build / "test", "--target", *PROGRAMS.values(), "-j", options.jobs], check=True)

    environment = dict(os.environ, OMP_PROC_BIND="false", OMP_WAIT_POLICY="passive", OMP_NUM_THREADS="2")

    def run(number, program, tags="*"):
        """Whether the tests of a program pass, and how long they took."""
        begin = time.time()
        try:
            result = subprocess.run([build / "test/tests" / PROGRAMS[program], tags, "--abort"], capture_output=True, timeout=600,
                                    env=dict(environment, PLANTED_FAULT=str(number)))
            passes = result.returncode == 0
        except subprocess.TimeoutExpired:
            passes = False
        return passes, time.time() - begin

    for program in PROGRAMS:
        passes, seconds = run(0, program)
        print(f"no fault, {program}: {'the tests pass' if passes else 'THE TESTS FAIL'}, {seconds:.1f} s", flush=True)
        if not passes:
            sys.exit(1)
    seen, missed = 0, []
    for number, (name, file, _, _, tags) in enumerate(FAULTS, 1):
        if options.only not in name or number < options.first:
            continue
        passes, seconds = run(number, *program_and_tags(tags))
        for program in PROGRAMS:
            if passes:  # perhaps another test sees it
                passes, seconds = run(number, program)
        print(f"{number:3d} {'MISSED' if passes else 'seen  '} {seconds:5.1f} s  {name} ({file})", flush=True)
        if passes:
            missed.append(name)
        else:
            seen += 1
    print(f"{seen} of {seen + len(missed)} faults were seen" + (f"; missed: {', '.join(missed)}" if missed else ""))
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
