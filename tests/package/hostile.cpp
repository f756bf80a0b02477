// SPDX-License-Identifier: MIT
// Macros of system headers and of other people's projects, all of which Kokkos_Core.hpp can follow: so must Bracewell.
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define near
#define far
#define small char
#define interface struct
#define CONST const
#define IN
#define OUT
#define OPTIONAL
#define ERROR 0
#define OK 0
#define PI 3.14159265
#define EPS 1e-6
#define Complex double
#define Status int
#define Bool int
#define True 1
#define False 0
#define Success 0
#define Always 2
#define check(x) (x)
#define verify(x) (x)
#define isnan(x) ((x) != (x))
#define sqr(x) ((x) * (x))
#define square(x) ((x) * (x))
#define C 299792458
#define L 1
#define Q 1
#define W 1
#define X 1
#define Y 1
#define Z 1
#include <Kokkos_Core.hpp>

// Those that Kokkos itself cannot follow.
#define I (__extension__ 1.0iF)
#define N 1000
#include <bracewell/bracewell.hpp>
