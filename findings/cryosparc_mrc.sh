#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# cryosparc-tools 5.0.3 writes stacks of images with the header of a volume: ISPG 0, MZ = NZ, NVERSION 0. What such a file holds is told
# by metadata alone. Ends with 1 where it does otherwise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install -q --no-deps cryosparc-tools==5.0.3 numpy==2.2.6 httpx==0.28.1 typing-extensions==4.15.0
cd "$folder"
python/bin/python - <<'PYTHON'
import importlib.metadata
import sys

import numpy as np
from cryosparc import mrc

mrc.write("stack.mrc", np.zeros((5, 8, 6), np.float32), 1.5)
words = np.fromfile("stack.mrc", "<i4", 256)
now = dict(NX=words[0], NY=words[1], NZ=words[2], MX=words[7], MY=words[8], MZ=words[9], ISPG=words[22], NVERSION=words[27])
now = {name: int(value) for name, value in now.items()}
print("cryosparc-tools", importlib.metadata.version("cryosparc-tools"), "5 images of 6 × 8:", now)
sys.exit(0 if now == dict(NX=6, NY=8, NZ=5, MX=6, MY=8, MZ=5, ISPG=0, NVERSION=0) else 1)
PYTHON
