# SPDX-License-Identifier: MIT
"""FINUFFT's interpolation and spreading alone, on one thread, with as many taps an axis as our kernels: no FFT, no Friedel
symmetry (its grids are whole), one complex value a point (no weights)."""
import numpy as np
import finufft

from entry import Entry, timed

NAME = f"FINUFFT {finufft.__version__}"
WIDTHS = {"linear": 2, "kaiser_bessel_4": 4}  # the kernels of ours that its are compared with


class Finufft:
    def __init__(self, inputs, bracewell, clock):
        self.inputs, self.clock = inputs, clock
        self.options = dict(nthreads=1, spreadinterponly=1, upsampfac=float(np.clip(inputs.padding, 1.25, 2)))
        points = inputs.kappa() * np.float32(2 * np.pi / inputs.box)
        self.points = [np.ascontiguousarray(points[:, d]) for d in (2, 1, 0)]
        self.values = np.ascontiguousarray(inputs.slices[:, inputs.inside].ravel())
        self.offsets = np.linspace(-4, 4, 8 * 1024 + 1)  # to sample the kernel at

    def plan(self, kind, axes, tolerance):
        return finufft.Plan(kind, (self.inputs.box,) * axes, 1, tolerance, 1, "complex64", **self.options)

    def kernel(self, tolerance):
        """The kernel at self.offsets, read off one lattice point at the origin, which its grids have in the middle."""
        plan = self.plan(2, 1, tolerance)
        plan.setpts((self.offsets * 2 * np.pi / self.inputs.box).astype(np.float32))
        delta = np.zeros(self.inputs.box, np.complex64)
        delta[self.inputs.box // 2] = 1
        return plan.execute(delta).real.astype(np.float64)

    def tolerance(self, width):
        """The largest tolerance that gives the width."""
        for tolerance in 10.0 ** -np.arange(0.25, 6, 0.25):
            support = np.abs(self.offsets[np.abs(self.kernel(tolerance)) > 1e-7]).max()
            if round(2 * support) == width:
                return tolerance
        raise SystemExit(f"{NAME}: no tolerance gives width {width}")

    def entries(self, operation, kernel):
        if kernel not in WIDTHS or operation not in ("project", "backproject"):
            return
        width = WIDTHS[kernel]
        tolerance = self.tolerance(width)
        plan = self.plan(2 if operation == "project" else 1, 3, tolerance)
        plan.setpts(*self.points)

        def entry(what, call, error=lambda: None):
            return Entry(f"{NAME} {what}", "float", timed(self.clock, call), error)

        if operation == "project":
            grid = self.full_grid(tolerance)
            yield entry(f"interpolation, width {width}", lambda: plan.execute(grid), lambda: self.error(plan.execute(grid)))
            if width == 2:
                yield entry("sorting, once a set of points", lambda: plan.setpts(*self.points))
        else:
            yield entry(f"spreading, width {width}, data alone", lambda: plan.execute(self.values))

    def full_grid(self, tolerance):
        """The whole spectrum of the map, corrected for the kernel, zero frequency in the middle."""
        kernel, box = self.kernel(tolerance), self.inputs.box
        step = self.offsets[1] - self.offsets[0]

        def transform(u):
            return np.cos(2 * np.pi * np.outer(u, self.offsets)) @ kernel * step

        axis = 1 / transform((np.arange(box) - box // 2) / box)
        corrected = self.inputs.map * axis[:, None, None] * axis[None, :, None] * axis[None, None, :]
        return np.ascontiguousarray(np.fft.fftshift(np.fft.fftn(np.fft.ifftshift(corrected)))).astype(np.complex64)

    def error(self, values):
        slices = np.zeros(self.inputs.slices.shape, np.complex64)
        slices[:, self.inputs.inside] = values.reshape(self.inputs.poses, -1)
        return self.inputs.error(slices)
