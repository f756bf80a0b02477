#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What gemmi 0.7.5 and mrcfile 1.5.4 make of MRC files that the standard, or IMOD's description of it, allows. Every file holds the
# values 0, 1, 2 ... of 4 × 3 × 2. Ends with 1 where one of them does otherwise than when this was written.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install -q gemmi==0.7.5 mrcfile==1.5.4 numpy==2.2.6
cd "$folder"
python/bin/python - <<'PYTHON'
import struct
import sys
import warnings

import gemmi
import mrcfile
import numpy as np

print("gemmi", gemmi.__version__, "mrcfile", mrcfile.__version__, "numpy", np.__version__)
warnings.simplefilter("ignore")


def write(name, mode, order="<", extended=0, space_group=1, mz=2, words=None, stamp=b"MAP "):
    header = bytearray(1024)
    values = {1: 4, 2: 3, 3: 2, 4: mode, 8: 4, 9: 3, 10: mz, 17: 1, 18: 2, 19: 3, 23: space_group, 24: extended, 28: 20141}
    values.update(words or {})
    for word, value in values.items():
        struct.pack_into(order + "i", header, 4 * (word - 1), value)
    for word in (11, 12, 13):
        struct.pack_into(order + "f", header, 4 * (word - 1), float(values[word - 3]))
    for word in (14, 15, 16):
        struct.pack_into(order + "f", header, 4 * (word - 1), 90.0)
    header[208:212] = stamp
    header[212:214] = b"\x44\x44" if order == "<" else b"\x11\x11"
    data = range(24)
    if mode == 101:
        body = bytes(data[i] % 16 | data[i + 1] % 16 << 4 for i in range(0, 24, 2))
    elif mode == 0:
        body = bytes(200 + i for i in data) if words else bytes(data)
    else:
        body = struct.pack("%s24%s" % (order, {1: "h", 2: "f", 6: "H", 12: "e"}[mode]), *data)
    with open(name, "wb") as file:
        file.write(bytes(header) + b"\xa5" * extended + body)


def judge(values, shape, want):
    if values.size != want.size or not np.array_equal(np.ravel(values), want):
        return "wrong values"
    return "right, %s" % (tuple(int(n) for n in shape),)


def by_gemmi(name, want):
    try:
        map = gemmi.read_ccp4_map(name)
        grid = np.array(map.grid, copy=False).transpose(2, 1, 0)
        return judge(grid, grid.shape, want)
    except Exception as error:
        return "refused: " + str(error).replace("\n", " ")


def by_mrcfile(name, want):
    try:
        with mrcfile.open(name) as file:
            return judge(file.data, file.data.shape, want)
    except Exception as error:
        return "refused: " + str(error).replace("\n", " ")


plain, bytes_200, four_bits = np.arange(24.0), np.arange(200.0, 224.0), np.arange(24.0) % 16
imod = {39: 1146047817, 40: 0}
cases = [
    ("little-endian, mode 1", dict(mode=1), plain, "right, (2, 3, 4)", "right, (2, 3, 4)"),
    ("big-endian, mode 2", dict(mode=2, order=">"), plain, "right, (2, 3, 4)", "right, (2, 3, 4)"),
    ("big-endian, mode 1", dict(mode=1, order=">"), plain, "wrong values", "right, (2, 3, 4)"),
    ("big-endian, mode 6", dict(mode=6, order=">"), plain, "wrong values", "right, (2, 3, 4)"),
    ("big-endian, mode 12", dict(mode=12, order=">"), plain, "wrong values", "right, (2, 3, 4)"),
    ("extended header of 2 bytes", dict(mode=1, extended=2), plain, "wrong values", "right, (2, 3, 4)"),
    ("extended header of 122 bytes", dict(mode=2, extended=122), plain, "wrong values", "right, (2, 3, 4)"),
    ("extended header of 6 MB", dict(mode=2, extended=6000000), plain, "refused: Unexpectedly long extended header", "right, (2, 3, 4)"),
    ("volume stack, ISPG 401, MZ 1", dict(mode=2, space_group=401, mz=1), plain, "right, (2, 3, 4)", "right, (2, 1, 3, 4)"),
    ("IMOD's unsigned bytes, 200 and more", dict(mode=0, words=imod), bytes_200, "wrong values", "wrong values"),
    ("mode 101, 4 bits", dict(mode=101), four_bits, "refused", "refused"),
    ("no word MAP, as cryoDRGN writes", dict(mode=2, stamp=bytes(4)), plain, "refused: Not a CCP4 map", "refused: Map ID string not found"),
]
changed = False
for what, options, want, gemmi_then, mrcfile_then in cases:
    write("file.mrc", **options)
    for program, now, then in (("gemmi", by_gemmi("file.mrc", want), gemmi_then), ("mrcfile", by_mrcfile("file.mrc", want), mrcfile_then)):
        same = now.startswith(then)
        changed = changed or not same
        print("%-36s %-8s %s%s" % (what, program, now, "" if same else "   <- was: " + then))
sys.exit(1 if changed else 0)
PYTHON
