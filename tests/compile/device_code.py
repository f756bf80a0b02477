#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads the machine code of device kernels, which needs no device, and fails for what costs one dear:

  - memory of a thread's own (a stack) where a kernel can do with registers,
  - atomic additions that return what was there, that ask for the kind of their memory first, or that loop over a comparison.

  tests/compile/device_code.py OBJECTS... [--tools build/device-tools] [--table TEXT]

OBJECTS are object files that nvcc compiled for one architecture. cuobjdump and nvdisasm come from PATH, or are installed into the
folder --tools. Assembly that clang wrote for an AMD GPU (--cuda-device-only -S), *.s, is read as well. With --table, the kernels whose names have all words of TEXT are listed: registers, bytes of stack, instructions,
loads from global memory, at how many places the first of those in flight are waited for, how many are in flight at most, reductions.
"""

import argparse
import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys

TOOLS = ["nvidia-cuda-cuobjdump==13.2.51", "nvidia-cuda-nvdisasm==13.2.51"]

# Kernels that may have a stack, and why. The first of which all words are in a kernel's name counts.
STACKS = [
    (("ResidualOperation", "3, 3"), 1200, "the matrix of 12 parameters of a pose is 91 sums"),
    (("ResidualOperation",), 200, "the matrix of eight parameters of a pose is 45 sums"),
    (("ProjectCotangent<Geometry<double", "KaiserBessel<3>"), 80, "sums and slopes of 216 taps in double"),
    (("ProjectTangent<Geometry<double", "KaiserBessel<3>"), 16, "the same"),
    (("FindScale<BackprojectTangent",), 16, "two stencils with slopes"),
    (("Gaussian<4>",), 480, "the exponentials of eight taps an axis stay in a loop"),
    (("CorrectGridding",), 40, "sines and cosines of huge numbers, which it never has"),
    (("TiltedContrastOfImages",), 40, "the same"),
]

# An addition to memory is RED or REDG, on AMD's global_atomic_add. Of Kokkos: one CAS takes a team's scratch, one ATOMG counts the
# blocks of a sum. Shared memory adds integers only: a float or double takes a loop there.
COSTLY = re.compile(r"ATOM|QSPC|CAS|cmpswap|flat_atomic")
OF_KOKKOS = {"ATOMG.E.CAS.STRONG.GPU": 1, "ATOMG.E.ADD.STRONG.GPU": 1, "global_atomic_cmpswap": 1, "global_atomic_inc": 1}
LOADS, REDUCTIONS = ("LDG", "global_load", "flat_load"), ("RED", "global_atomic_add", "global_atomic_pk_add")
IN_TILES = re.compile(r"ATOMS\.CAST\.SPIN")


def find_tools(folder):
    """The folder of cuobjdump and nvdisasm; None where they cannot be had."""
    if shutil.which("cuobjdump") and shutil.which("nvdisasm"):
        return ""
    programs = folder / "nvidia" / "cu13" / "bin"
    if not (programs / "cuobjdump").exists():
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), *TOOLS]
        if subprocess.run(install, stderr=subprocess.DEVNULL).returncode != 0 or not (programs / "cuobjdump").exists():
            return None
    for program in ("cuobjdump", "nvdisasm"):
        (programs / program).chmod(0o755)
    return str(programs)


def in_flight(instructions):
    """The loads that are in flight at every place where one of them is waited for, in the order of the instructions."""
    pending, groups = set(), [0]
    for text in instructions:
        name, _, operands = text.partition(" ")
        if name.startswith(LOADS[1:]):
            groups[-1] += 1
        elif name == "s_waitcnt" and "vmcnt" in operands:
            groups.append(0)
        registers = [int(r) for r in re.findall(r"\bR(\d+)", operands)]
        if name.startswith("LDG"):
            width = 4 if ".128" in name else 2 if ".64" in name else 1
            pending.update(range(registers[0], registers[0] + width))
            groups[-1] += 1
        elif pending.intersection(registers):
            pending.clear()
            groups.append(0)
    return [group for group in groups if group > 0]


def short_names(mangled):
    """What tells kernels apart of their names."""
    for name in subprocess.run(["c++filt"], input="\n".join(mangled), capture_output=True, text=True, check=True).stdout.splitlines():
        name = re.sub(r"bracewell::|detail::|\(anonymous namespace\)::|Kokkos::(Impl::|Experimental::)*", "", name)
        yield re.sub(r"^void (cuda|hip)_parallel_launch_\w+<(Parallel\w+)<(.*)", r"\3", name).split(">(Parallel")[0]


def amd_kernels(path):
    """The same of clang's assembly for AMD. Registers are vector registers."""
    found = []
    for line in pathlib.Path(path).read_text().splitlines():
        if label := re.match(r"(_Z\w+):", line):
            name, instructions = label[1], []
        elif usage := re.match(r"; (TotalNumVgprs|ScratchSize): (\d+)", line):
            numbers[usage[1]] = int(usage[2])
        elif line.startswith(".Lfunc_end"):
            numbers = {}
            found.append((name, numbers, instructions))
        elif instruction := re.match(r"\t([a-z]\w+.*)", line):
            instructions.append(instruction[1].replace("\t", " "))
    for short, (_, numbers, instructions) in zip(short_names(name for name, *_ in found), found):
        yield short, numbers["TotalNumVgprs"], numbers["ScratchSize"], instructions


def kernels(path, environment):
    """Of every kernel of an object file: its name, registers, bytes of stack, and its instructions."""
    if path.endswith(".s"):
        yield from amd_kernels(path)
        return

    def dump(what):
        return subprocess.run(["cuobjdump", what, path], env=environment, capture_output=True, text=True, check=True).stdout

    usage = dict(re.findall(r"Function (\S+):\s+(.*)", dump("--dump-resource-usage")))
    found, instructions = [], None
    for line in dump("--dump-sass").splitlines():
        if name := re.search(r"Function : (\S+)", line):
            instructions = []
            found.append((name[1], instructions))
        elif instruction := re.match(r"\s+/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][^;]*);", line):
            instructions.append(instruction[1].strip())
    for (mangled, instructions), name in zip(found, short_names(name for name, _ in found)):
        registers, stack = (int(re.search(rf"{what}:(\d+)", usage[mangled])[1]) for what in ("REG", "STACK"))
        yield name, registers, stack, instructions


def allowed_stack(name):
    return next((bytes_ for words, bytes_, _ in STACKS if all(word in name for word in words)), 0)


def faults(name, stack, instructions):
    if stack > allowed_stack(name):
        yield f"has {stack} bytes of stack, of which {allowed_stack(name)} are allowed"
    for instruction, count in collections.Counter(text.split()[0] for text in instructions).items():
        if "DrawTile<" in name and IN_TILES.match(instruction):
            continue
        if COSTLY.search(instruction) and count > OF_KOKKOS.get(instruction, 0):
            yield f"has {count} times {instruction}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("objects", nargs="+")
    parser.add_argument("--tools", type=pathlib.Path, default="build/device-tools")
    parser.add_argument("--table", metavar="TEXT")
    arguments = parser.parse_args()
    tools = find_tools(arguments.tools)
    if tools is None:
        print("skipped: the reading of device code, there is no cuobjdump, and pip cannot install one")
        return 0
    environment = dict(os.environ, PATH=tools + os.pathsep + os.environ["PATH"])
    seen = wrong = 0
    if arguments.table is not None:
        print("registers  stack  instructions  loads  waits  in flight  reductions  kernel")
    for path in arguments.objects:
        for name, registers, stack, instructions in kernels(path, environment):
            seen += 1
            for fault in faults(name, stack, instructions):
                wrong += 1
                print(f"{path}: {name}\n  {fault}")
            if arguments.table is not None and all(word in name for word in arguments.table.split()):
                loads, reductions = (sum(text.startswith(kind) for text in instructions) for kind in (LOADS, REDUCTIONS))
                groups = in_flight(instructions)
                print(f"{registers:9} {stack:6} {len(instructions):13} {loads:6} {len(groups):6} {max(groups, default=0):10} "
                      f"{reductions:11}  {name}")
    print(f"{seen} kernels, {wrong} faults")
    return 1 if wrong or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
