#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# starfile 0.5.13, read and written again with nothing changed: names of digits lose their zeros (a tomogram 0012 becomes 12), numbers
# are cut to six decimals (1e-9, as σ² of noise in a RELION model.star, becomes 0), and nan becomes <NA>, which RELION takes for 0.
# Names are kept by parse_as_string, digits by float_format. Ends with 1 where it does otherwise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install -q starfile==0.5.13 pandas==2.2.3 numpy==2.2.6
cd "$folder"
python/bin/python - <<'PYTHON'
import importlib.metadata
import sys

import starfile

print("starfile", importlib.metadata.version("starfile"), "pandas", importlib.metadata.version("pandas"))
with open("in.star", "w") as file:
    file.write("data_particles\n\nloop_\n_rlnTomoName\n_rlnSigma2Noise\n_rlnAngleRot\n0012 1e-9 12.3456789\n0013 2.5e-8 nan\n\n")


def rows(name):
    return [line.split() for line in open(name) if line[:1].isdigit() or line.startswith("<")]


starfile.write(starfile.read("in.star"), "out.star", overwrite=True)
kept = starfile.read("in.star", parse_as_string=["rlnTomoName"])
starfile.write(kept, "kept.star", overwrite=True, float_format="%.17g")
found = {"in": rows("in.star"), "out": rows("out.star"), "kept": rows("kept.star")}
for name, values in found.items():
    print("%-5s" % name, values)
good = (
    found["out"] == [["12", "0.000000", "12.345679"], ["13", "0.000000", "<NA>"]]
    and [row[0] for row in found["kept"]] == ["0012", "0013"]
    and float(found["kept"][0][1]) == 1e-9
)
sys.exit(0 if good else 1)
PYTHON
