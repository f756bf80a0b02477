# SPDX-License-Identifier: MIT
"""What all programs get: a real map in a box, its spectra corrected for each kernel, poses, slices and weights; and exact
values to judge slices by. mathematics.md's conventions: rfft layout, frequencies x first, kappa = R^T k."""
import gzip

import numpy as np


def read_map(path):
    """The density of a map of mode 2 whose axes are x, y, z, and its voxel size in Å."""
    raw = (gzip.open if str(path).endswith(".gz") else open)(path, "rb").read()
    header = np.frombuffer(raw[:1024], "<i4")
    x, y, z, mode = (int(n) for n in header[:4])
    if mode != 2 or tuple(header[16:19]) != (1, 2, 3):
        raise SystemExit(f"{path}: expected a map of mode 2 with axes x, y, z")
    density = np.frombuffer(raw, "<f4", x * y * z, 1024 + int(header[23])).reshape(z, y, x)
    return density, float(header.view("<f4")[10]) / x


def in_box(density, box):
    """Padded or cropped to a cube, voxel n // 2 on voxel n // 2."""
    result = np.zeros((box,) * 3, np.float32)
    take, put = [], []
    for n in density.shape:
        low = max(-(n // 2), -(box // 2))
        high = min(n - n // 2, box - box // 2)
        take.append(slice(n // 2 + low, n // 2 + high))
        put.append(slice(box // 2 + low, box // 2 + high))
    result[tuple(put)] = density[tuple(take)]
    return result


def kaiser_bessel_transform(padding, reach=2):
    beta = np.pi * np.sqrt((2 * reach / padding * (padding - 0.5)) ** 2 - 0.8)
    scale = beta / (2 * reach * np.sinh(beta))

    def transform(u):
        z = np.sqrt(np.asarray(beta**2 - (2 * np.pi * reach * u) ** 2, complex))
        return 2 * reach * scale * (np.sinh(z) / z).real

    return transform


TRANSFORMS = {
    "linear": lambda u: np.sinc(u) ** 2,
    "cubic": lambda u: np.sinc(u) ** 3 * (3 * np.sinc(u) - 2 * np.cos(np.pi * u)),
}


class Inputs:
    def __init__(self, path, box, samples, folder, seed=20):
        self.box, self.folder = box, folder / f"box{box}"
        self.folder.mkdir()
        density, self.voxel = read_map(path)
        self.map = in_box(density, box)
        self.extent = min(box, max(density.shape))  # of what is not padding
        self.padding = max(1.0, box / self.extent)

        columns, rows = np.arange(box // 2 + 1), np.fft.fftfreq(box, 1 / box)
        self.k = np.stack(np.broadcast_arrays(columns[None, :], rows[:, None]), -1)
        radius = np.hypot(self.k[..., 0], self.k[..., 1])
        self.inside = radius <= 0.5 * box * (1 + 1e-6)
        self.poses = max(1, int(samples / self.inside.sum()))
        self.samples = int(self.inside.sum()) * self.poses

        self.random = np.random.default_rng(seed)
        self.angles = np.stack([self.random.uniform(-180, 180, self.poses),
                                np.degrees(np.arccos(self.random.uniform(-1, 1, self.poses))),
                                self.random.uniform(-180, 180, self.poses)], 1)  # rot, tilt, psi
        self.matrices = euler_matrices(self.angles).astype(np.float32)  # [P][3][3], p = R q
        self.shifts = self.random.uniform(-4, 4, (self.poses, 2)).astype(np.float32)
        self.transforms = dict(TRANSFORMS, kaiser_bessel_4=kaiser_bessel_transform(self.padding))

        # Spectra of white noise and weights, of real images both: alike, or conjugate, at k and -k.
        self.slices = np.concatenate([np.fft.rfft2(self.random.standard_normal((1, box, box), np.float32) / box)
                                      for _ in range(self.poses)]).astype(np.complex64)
        self.weights = self.random.random(self.slices.shape, np.float32)
        for column in (0, box // 2):
            self.weights[:, box // 2 + 1:, column] = self.weights[:, 1:(box + 1) // 2, column][:, ::-1]
        self.write("rotations.float64", self.matrices[:, :2].astype(np.float64))
        self.write("shifts.float64", self.shifts.astype(np.float64))
        self.write("padding.float64", np.array([self.padding]))
        self.write("slices.complex64", self.slices)
        self.write("weights.float32", self.weights)
        for kernel, transform in self.transforms.items():
            self.write(f"reference_{kernel}.complex64", self.spectrum(transform))
        self.make_exact(radius)

    def write(self, name, array):
        np.ascontiguousarray(array).tofile(self.folder / name)

    def reference(self, kernel):
        return np.fromfile(self.folder / f"reference_{kernel}.complex64", np.complex64).reshape(
            self.box, self.box, self.box // 2 + 1)

    def spectrum(self, transform):
        """Of the map divided by a kernel's transform, its origin moved to index 0."""
        axis = 1 / transform((np.arange(self.box) - self.box // 2) / self.box)
        corrected = self.map * axis[:, None, None] * axis[None, :, None] * axis[None, None, :]
        return np.fft.rfftn(np.fft.ifftshift(corrected)).astype(np.complex64)

    def kappa(self):
        """Of all samples inside the cutoff, [P * inside][3]."""
        return (self.k[self.inside].astype(np.float32) @ self.matrices[:, :2]).reshape(-1, 3)

    def make_exact(self, radius, planes=2):
        """The Fourier sum of the map itself at all samples of some slices from the first frequency to 0.49 cycles a pixel."""
        rows, columns = np.nonzero((radius >= 1) & (radius <= 0.49 * self.box))
        pose = np.repeat(np.arange(min(planes, self.poses)), len(rows))
        repeats = len(pose) // len(rows)
        self.checked = pose, np.tile(rows, repeats), np.tile(columns, repeats)
        kappa = np.einsum("se,sed->sd", self.k[self.checked[1:]], self.matrices[pose, :2].astype(np.float64))
        core = in_box(self.map, self.extent).astype(np.float64)  # the rest is padding
        x = np.arange(self.extent) - self.extent // 2
        self.exact = np.empty(len(pose), complex)
        for some in np.array_split(np.arange(len(pose)), 1 + len(pose) // 500):
            axis = [np.exp(-2j * np.pi * kappa[some, d, None] * x / self.box) for d in range(3)]
            planes = (core.reshape(-1, self.extent) @ axis[0].T).reshape(self.extent, self.extent, -1)
            self.exact[some] = np.einsum("zys,sy,sz->s", planes, axis[1], axis[2], optimize=True)

    def error(self, slices):
        """Relative L2 error of slices [P][h][w/2+1] against the exact sum."""
        return relative(slices[self.checked], self.exact)


def relative(a, b):
    return float(np.linalg.norm((a - b).ravel()) / np.linalg.norm(b.ravel()))


def euler_matrices(degrees):
    """R_z(psi) R_y(tilt) R_z(rot) as RELION has them, for p = R q."""
    alpha, beta, gamma = np.radians(degrees).T
    ca, cb, cg, sa, sb, sg = *map(np.cos, (alpha, beta, gamma)), *map(np.sin, (alpha, beta, gamma))
    rows = [[cg * cb * ca - sg * sa, cg * cb * sa + sg * ca, -cg * sb],
            [-sg * cb * ca - cg * sa, -sg * cb * sa + cg * ca, sg * sb],
            [sb * ca, sb * sa, cb]]
    return np.moveaxis(np.array(rows), -1, 0)
