#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# relion_refine of RELION 3.1.3 (Debian's) refines rlnOriginXAngst, rlnOriginYAngst and leaves columns rlnOriginX, rlnOriginY of its input,
# which relion_project --nr_uniform writes, as they were. Its output then holds two origins of each particle; ASPIRE 0.14.3 and cryoDRGN 4.3.1
# take those in pixels. Needs the programs of Debian's package relion, and says so where they are not there. Ends with 1 where they
# do otherwise.
set -euo pipefail
if ! command -v relion_refine > /dev/null; then
  echo "skipped: relion_refine is not installed (Debian 12: apt-get install relion)"
  exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
relion_refine --version 2>&1 | sed -n 1p || true
# 12 images of 32², each with a blob that is 2 pixels right of the centre, and noise.
python3 - <<'PYTHON'
import math
import random
import struct

random.seed(1)
n, count = 32, 12
words = [0] * 256
words[0:4] = [n, n, count, 2]
words[7:10] = [n, n, count]
words[16:19] = [1, 2, 3]
header = bytearray(struct.pack("<256i", *words))
struct.pack_into("<6f", header, 40, n, n, count, 90, 90, 90)
header[208:216] = b"MAP \x44\x44\0\0"
with open("images.mrcs", "wb") as file:
    file.write(header)
    for _ in range(count):
        for y in range(n):
            for x in range(n):
                value = 3 * math.exp(-((x - 18) ** 2 / 8 + (y - 16) ** 2 / 18)) + random.gauss(0, 0.5)
                file.write(struct.pack("<f", value))
columns = ["ImageName", "OpticsGroup", "OriginX", "OriginY", "OriginXAngst", "OriginYAngst", "MicrographName"]
with open("in.star", "w") as file:
    file.write("data_optics\n\nloop_\n")
    optics = ["OpticsGroup", "OpticsGroupName", "ImagePixelSize", "ImageSize", "ImageDimensionality", "Voltage", "SphericalAberration"]
    file.write("".join("_rln%s\n" % c for c in optics))
    file.write("1 one 2.0 32 2 300 2.7\n\n\ndata_particles\n\nloop_\n" + "".join("_rln%s\n" % c for c in columns))
    file.write("".join("%d@images.mrcs 1 0 0 0 0 m.mrc\n" % (i + 1) for i in range(count)) + "\n")
PYTHON
mkdir run
relion_refine --i in.star --o run/it --iter 2 --K 1 --tau2_fudge 2 --particle_diameter 50 --pad 1 --norm --scale --psi_step 90 \
  --offset_range 4 --offset_step 2 --oversampling 0 --random_seed 1 --dont_combine_weights_via_disc --j 1 > log 2>&1
python3 - <<'PYTHON'
import sys

names, rows = [], []
for line in open("run/it_it002_data.star"):
    if line.startswith("_rln"):
        names.append(line.split()[0][1:])
    elif line.startswith("data_particles"):
        names = []
    elif "@" in line:
        rows.append(dict(zip(names, line.split())))
pixels = [(float(row["rlnOriginX"]), float(row["rlnOriginY"])) for row in rows]
angstrom = [(float(row["rlnOriginXAngst"]), float(row["rlnOriginYAngst"])) for row in rows]
print("rlnOriginX, Y in the output, pixels of 2 Å:", sorted(set(pixels)))
print("rlnOriginXAngst, YAngst:                   ", sorted(set(angstrom)))
moved = any(abs(x) + abs(y) > 1 for x, y in angstrom)
sys.exit(0 if len(rows) == 12 and set(pixels) == {(0.0, 0.0)} and moved else 1)
PYTHON
