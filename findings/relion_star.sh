#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What RELION 3.1.3 (Debian's) does with STAR files that look right, each with exit code 0 and no message:
# - an empty line between rows ends the table: the particles behind it are gone;
# - a word, or nan, where a number belongs is 0;
# - origins in pixels (rlnOriginX, rlnOriginY) are ignored in a file that has optics groups;
# and that images of a stack named .mrc, as cryoSPARC names them, are refused as 000001@stack.mrc and read as 000001@stack.mrc:mrcs.
# Needs the programs of Debian's package relion, and says so where they are not there. Ends with 1 where they do otherwise.
set -euo pipefail
if ! command -v relion_star_handler > /dev/null; then
  echo "skipped: relion_star_handler is not installed (Debian 12: apt-get install relion)"
  exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
relion_star_handler --version 2>&1 | sed -n 1p || true

optics() {
  printf 'data_optics\n\nloop_\n'
  printf '_rln%s\n' OpticsGroup OpticsGroupName ImagePixelSize ImageSize ImageDimensionality Voltage SphericalAberration AmplitudeContrast
  printf '1 one 1.0 16 2 300 2.7 0.1\n\n\n'
}
particles() { # columns, behind -- rows
  optics
  printf 'data_particles\n\nloop_\n'
  while [ "$1" != -- ]; do printf '_rln%s\n' "$1"; shift; done
  shift
  printf '%b\n' "$@"
  printf '\n'
}
changed=0
is() { # what, found, wanted
  if [ "$2" = "$3" ]; then echo "$1: $2"; else echo "$1: $2, and was $3"; changed=1; fi
}

particles ImageName AngleTilt OpticsGroup -- '1@a.mrcs 10 1' '2@a.mrcs 20 1' '' '3@a.mrcs 30 1' > empty_line.star
relion_star_handler --i empty_line.star --o out.star > log 2>&1
is "particles of 3, an empty line before the third" "$(grep -c @ out.star)" 2

particles ImageName AngleTilt OpticsGroup -- '1@a.mrcs word 1' '2@a.mrcs nan 1' > words.star
relion_star_handler --i words.star --o out.star > log 2>&1
is "tilts of 'word' and 'nan'" "$(awk '/@/ {printf "%s ", $2}' out.star)" "0.000000 0.000000 "

# A map of 16³ with one voxel beside its centre, and its projections.
python3 - <<'PYTHON'
import struct

n = 16
words = [0] * 256
words[0:4] = [n, n, n, 2]
words[7:10] = [n, n, n]
words[16:19] = [1, 2, 3]
words[22] = 1
header = bytearray(struct.pack("<256i", *words))
struct.pack_into("<6f", header, 40, n, n, n, 90, 90, 90)
header[208:216] = b"MAP \x44\x44\0\0"
values = [0.0] * n**3
values[(8 * n + 8) * n + 10] = 1.0
with open("map.mrc", "wb") as file:
    file.write(header + struct.pack("<%df" % n**3, *values))
PYTHON
poses=(AngleRot AngleTilt AnglePsi OpticsGroup)
particles "${poses[@]}" OriginXAngst OriginYAngst -- '0 0 0 1 0 0' > still.star
particles "${poses[@]}" OriginX OriginY -- '0 0 0 1 3 2' > pixels.star
particles "${poses[@]}" OriginXAngst OriginYAngst -- '0 0 0 1 3 2' > angstrom.star
for name in still pixels angstrom; do
  relion_project --i map.mrc --o "$name" --ang "$name.star" > log 2>&1
  tail -c +1025 "$name.mrcs" > "$name.values"
done
same() { if cmp -s "$1" "$2"; then echo same; else echo another; fi; }
is "image with origins of (3, 2) pixels beside that without" "$(same pixels.values still.values)" same
is "image with origins of (3, 2) Å, pixels of 1 Å, beside that without" "$(same angstrom.values still.values)" another

cp still.mrcs stack.mrc
for name in stack.mrc stack.mrc:mrcs still.mrcs; do
  particles ImageName OpticsGroup -- "1@$name 1" > stack.star
  code=0
  relion_stack_create --i stack.star --o out > log 2>&1 || code=$?
  is "exit code of relion_stack_create with 1@$name" "$code" "$([ "$name" = stack.mrc ] && echo 1 || echo 0)"
done
exit $changed
