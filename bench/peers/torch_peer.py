# SPDX-License-Identifier: MIT
"""torch-projectors on one thread. Its matrix is our R transposed, its shifts are in the order y, x; its back-projection counts
the zero frequency otherwise, so that voxel is left out of its error."""
import importlib.metadata

import numpy as np
import torch
import torch_projectors

from entry import Entry, timed
from inputs import relative

NAME = f"torch-projectors {importlib.metadata.version('torch-projectors')}"


def symmetrised(gradient):
    """A reference's gradient is unique only up to moving g at n to conj g at -n on the planes that are their own mates."""
    result = gradient.copy()
    for plane in (0, -1):
        result[..., plane] += np.roll(gradient[::-1, ::-1, plane], 1, axis=(0, 1)).conj()
    return result


class TorchProjectors:
    def __init__(self, inputs, bracewell, clock):
        torch.set_num_threads(1)
        self.inputs, self.bracewell, self.clock = inputs, bracewell, clock
        self.rotations = torch.from_numpy(np.ascontiguousarray(inputs.matrices.transpose(0, 2, 1)))[None]
        self.shifts = torch.from_numpy(np.ascontiguousarray(inputs.shifts[:, ::-1]))[None]
        self.slices = torch.from_numpy(inputs.slices)[None]
        self.weights = torch.from_numpy(inputs.weights)[None]

    def entries(self, operation, kernel):
        if kernel not in ("linear", "cubic"):
            return
        call, error = getattr(self, operation)(kernel)
        yield Entry(NAME, "float", timed(self.clock, call), error)

    def project(self, kernel):
        reference = torch.from_numpy(self.inputs.reference(kernel))[None]

        def call():
            return torch_projectors.project_3d_to_2d_forw(reference, self.rotations, interpolation=kernel)

        return call, lambda: self.inputs.error(call()[0].numpy())

    def backproject(self, kernel):
        def call():
            return torch_projectors.backproject_2d_to_3d_forw(self.slices, self.rotations, weights=self.weights,
                                                              interpolation=kernel)

        def error():
            data, density = call()
            return self.bracewell.insertion_error(kernel, data[0].numpy(), density[0].numpy(), skip=1)

        return call, error

    def derivatives(self, kernel):
        """Forward and backward with gradients of the reference, rotations and shifts."""
        reference = torch.from_numpy(self.inputs.reference(kernel))[None].requires_grad_()
        rotations, shifts = (x.clone().requires_grad_() for x in (self.rotations, self.shifts))

        def call():
            for x in (reference, rotations, shifts):
                x.grad = None
            torch_projectors.project_3d_to_2d_forw(reference, rotations, shifts, interpolation=kernel).backward(self.slices)

        def error():
            """The largest of the three gradients' relative distances from Bracewell's."""
            call()
            got = (symmetrised(reference.grad[0].numpy()), rotations.grad[0].numpy().transpose(0, 2, 1)[:, :2],
                   shifts.grad[0].numpy()[:, ::-1])
            volume, *poses = self.bracewell.gradients(kernel)
            want = (symmetrised(volume.reshape(got[0].shape)), *poses)
            return max(relative(a, b) for a, b in zip(got, want))

        return call, error
