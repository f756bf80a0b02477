#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# relion2dynamo 1.0.6 takes RELION's origins from coordinates where they are in Å, but
# - origins in pixels (rlnOriginX …) are dropped without a word: particles stay where they were picked;
# - origins in Å are divided by the pixel size of the first optics group, whichever group a particle is of.
# Ends with 1 where it does otherwise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install -q relion2dynamo==1.0.6 eulerangles==1.0.2 starfile==0.5.13 pandas==2.2.3 numpy==2.2.6
cd "$folder"
python/bin/python - <<'PYTHON'
import importlib.metadata
import subprocess
import sys

names = ("relion2dynamo", "eulerangles", "starfile")
print(", ".join(name + " " + importlib.metadata.version(name) for name in names))


def converted(unit):
    """x of three particles that were picked at 100, with origins of 0, 6 and 6 along x, the last of a group of pixels of 3 instead of 2."""
    columns = ["TomoName", "TomoParticleId", "OpticsGroup", "CoordinateX", "CoordinateY", "CoordinateZ", "AngleRot"]
    columns += ["AngleTilt", "AnglePsi"] + ["Origin" + axis + unit for axis in "XYZ"]
    text = "data_optics\n\nloop_\n_rlnOpticsGroup\n_rlnTomoTiltSeriesPixelSize\n1 2.0\n2 3.0\n\n\ndata_particles\n\nloop_\n"
    text += "".join("_rln" + column + "\n" for column in columns)
    for i, (group, origin) in enumerate([(1, 0), (1, 6), (2, 6)]):
        text += "TS_01 %d %d 100 200 300 10 20 30 %d 0 0\n" % (i + 1, group, origin)
    with open("in.star", "w") as file:
        file.write(text + "\n")
    subprocess.run(["python/bin/relion2dynamo", "--relion-star-file", "in.star", "--dynamo-table-file", "out.tbl"], check=True)
    rows = [line.split() for line in open("out.tbl")]
    print("origins in", unit or "pixels", "-> dx, x:", [(float(row[3]), float(row[23])) for row in rows])
    return [float(row[3]) + float(row[23]) for row in rows]


pixels, angstrom = converted(""), converted("Angst")
print("right are [100, 94, 94] and [100, 97, 98]")
sys.exit(0 if pixels == [100, 100, 100] and angstrom == [100, 97, 97] else 1)
PYTHON
