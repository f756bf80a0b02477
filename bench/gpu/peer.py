#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times torch-projectors at what beside.cpp times, and prints the same lines. Exit code 77 where there is no device, or no PyTorch
with torch-projectors. Its calls allocate their results, from memory that PyTorch keeps; its gradients go through autograd."""
import argparse
import statistics
import sys
import time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("works", nargs="+", help="KERNEL/BOX/B/P of each, as linear/128/8/2048")
    parser.add_argument("--seconds", type=float, default=0.05, help="of calls in each of five times")
    return parser.parse_args()


def median_ms(torch, seconds, call):
    def timed(count):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        for _ in range(count):
            call()
        torch.cuda.synchronize()
        return 1e3 * (time.perf_counter() - begin) / count

    timed(1)
    count = min(max(int(1e3 * seconds / max(timed(2), 1e-3)), 1), 1000)
    return statistics.median(timed(count) for _ in range(5))


def samples_of_slice(box):
    ks = [k if k < box - box // 2 else k - box for k in range(box)]
    return sum(4 * (x * x + k * k) <= box * box for k in ks for x in range(box // 2 + 1))


def run(torch, projectors, options, kernel, box, B, P):
    half = box // 2 + 1
    generator = torch.Generator("cuda").manual_seed(20)

    def normal(*shape, kind=torch.float32):
        return torch.randn(*shape, dtype=kind, device="cuda", generator=generator)

    reference = normal(B, box, box, half, kind=torch.complex64).requires_grad_()
    slices, weights = normal(B, P, box, half, kind=torch.complex64), normal(B, P, box, half)
    rotations = torch.linalg.qr(normal(B, P, 3, 3))[0].contiguous().requires_grad_()
    shifts = normal(B, P, 2).requires_grad_()

    def project():
        with torch.no_grad():
            projectors.project_3d_to_2d_forw(reference, rotations, shifts, interpolation=kernel)

    def backproject():
        with torch.no_grad():
            projectors.backproject_2d_to_3d_forw(slices, rotations, weights=weights, shifts=shifts, interpolation=kernel)

    def project_and_vjp():
        for x in (reference, rotations, shifts):
            x.grad = None
        projectors.project_3d_to_2d_forw(reference, rotations, shifts, interpolation=kernel).backward(slices)

    samples = samples_of_slice(box) * B * P
    for call in (project, backproject, project_and_vjp):
        ms = median_ms(torch, options.seconds, call)
        print("torch-projectors", call.__name__, kernel, box, B, P, f"{ms:.4f}", f"{1e9 * ms / samples:.1f}", sep="\t", flush=True)


def main():
    options = arguments()
    try:
        import torch
        import torch_projectors
    except ImportError as problem:
        print(f"no peer: {problem}")
        sys.exit(77)
    if not torch.cuda.is_available():
        print("no device for PyTorch")
        sys.exit(77)
    print(f"# torch-projectors {torch_projectors.__version__}, PyTorch {torch.__version__}, {torch.cuda.get_device_name()}", flush=True)
    for work in options.works:
        kernel, *numbers = work.split("/")
        run(torch, torch_projectors, options, kernel, *map(int, numbers))


main()
