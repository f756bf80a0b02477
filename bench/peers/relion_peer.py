# SPDX-License-Identifier: MIT
"""RELION's command-line tools without padding: the time inside the functions that cut and insert slices alone, sampled by
perf, on one thread and in double."""
import os
import shutil
import subprocess

import numpy as np

from entry import Entry

TOOLS = {"project": ("relion_project", "Projector::project"),
         "backproject": ("relion_reconstruct", "BackProjector::backproject2Dto3D")}
OPTICS = """
data_optics

loop_
_rlnOpticsGroup #1
_rlnOpticsGroupName #2
_rlnImagePixelSize #3
_rlnImageSize #4
_rlnImageDimensionality #5
_rlnVoltage #6
_rlnSphericalAberration #7
_rlnAmplitudeContrast #8
1 opticsGroup1 {voxel:.6f} {box} 2 300 2.7 0.1

data_particles

loop_
_rlnAngleRot #1
_rlnAngleTilt #2
_rlnAnglePsi #3
_rlnOriginXAngst #4
_rlnOriginYAngst #5
_rlnOpticsGroup #6
"""


def missing():
    """Why RELION cannot be measured here, or nothing."""
    absent = [tool for tool in ("relion_project", "relion_reconstruct", "perf") if not shutil.which(tool)]
    if absent:
        return f"RELION: not measured, {', '.join(absent)} not found."
    trial = subprocess.run(["perf", "record", "-e", "cpu-clock", "-o", os.devnull, "true"], capture_output=True)
    return "RELION: not measured, perf may not record here." if trial.returncode != 0 else ""


def version():
    told = subprocess.run(["relion_project", "--version"], capture_output=True, text=True)
    words = (told.stdout + told.stderr).split()
    return next((word for word in words if word[0].isdigit()), "")


class Relion:
    def __init__(self, inputs, bracewell, clock):
        self.inputs, self.folder = inputs, inputs.folder / "relion"
        self.folder.mkdir()
        self.name = f"RELION {version()}".strip()
        self.write_map()
        lines = "".join("%.9g %.9g %.9g 0 0 1\n" % tuple(angles) for angles in inputs.angles)
        (self.folder / "poses.star").write_text(OPTICS.format(voxel=inputs.voxel, box=inputs.box) + lines)
        self.arguments = {"project": ["--i", "map.mrc", "--ang", "poses.star", "--o", "slices", "--pad", "1"],
                          "backproject": ["--i", "slices.star", "--o", "map_out.mrc", "--pad", "1", "--skip_gridding"]}
        self.run("project")

    def write_map(self):
        box, density = self.inputs.box, self.inputs.map
        header = np.zeros(256, "<i4")
        header[:4] = box, box, box, 2
        header[7:10] = box
        header.view("<f4")[10:16] = (box * self.inputs.voxel,) * 3 + (90,) * 3
        header[16:19] = 1, 2, 3
        header.view("<f4")[19:22] = density.min(), density.max(), density.mean()
        header[52:54] = int.from_bytes(b"MAP ", "little"), 0x4444
        (self.folder / "map.mrc").write_bytes(header.tobytes() + density.tobytes())

    def run(self, operation):
        """Seconds inside the operation's function."""
        tool, function = TOOLS[operation]
        record = ["perf", "record", "-e", "cpu-clock", "-F", "1997", "-o", "perf.data", tool, *self.arguments[operation]]
        done = subprocess.run(record, cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(record)}\n{done.stderr}")
        report = subprocess.run(["perf", "report", "-i", "perf.data", "--stdio", "--no-children", "-F", "period,symbol"],
                                cwd=self.folder, capture_output=True, text=True, check=True).stdout
        for line in report.splitlines():
            words = line.split(maxsplit=2)
            if len(words) == 3 and words[0].isdigit() and words[2].split("(")[0].strip() == function:
                return int(words[0]) * 1e-9
        raise SystemExit(f"perf saw nothing of {function} in {tool}")

    def entries(self, operation, kernel):
        if kernel != "linear" or operation not in TOOLS:
            return
        what = "slices alone" if operation == "project" else "insertion alone"
        yield Entry(f"{self.name} {what}", "double", lambda: self.run(operation),
                    self.error if operation == "project" else lambda: None)

    def error(self):
        box, shape = self.inputs.box, (self.inputs.poses, self.inputs.box, self.inputs.box)
        images = np.fromfile(self.folder / "slices.mrcs", "<f4", offset=1024).reshape(shape)
        return self.inputs.error(np.fft.rfft2(np.fft.ifftshift(images, axes=(1, 2))))
