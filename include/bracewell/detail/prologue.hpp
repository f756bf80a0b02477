// SPDX-License-Identifier: MIT
// Every header of the library has this file after its other includes, and epilogue.hpp at its end. In between, names that it uses
// are no macros of others (of windows.h, complex.h, X11 or the user), and GCC does not warn of what it takes for conversions: any
// number of elements of an array, T x[M], that is a template's int. Clang does not take it so and warns of real ones.

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#endif

#pragma push_macro("min")
#undef min
#pragma push_macro("max")
#undef max
#pragma push_macro("far")
#undef far
#pragma push_macro("near")
#undef near
#pragma push_macro("Complex")
#undef Complex
#pragma push_macro("None")
#undef None
#pragma push_macro("check")
#undef check
#pragma push_macro("verify")
#undef verify
#pragma push_macro("require")
#undef require
#pragma push_macro("A")
#undef A
#pragma push_macro("B")
#undef B
#pragma push_macro("C")
#undef C
#pragma push_macro("D")
#undef D
#pragma push_macro("E")
#undef E
#pragma push_macro("F")
#undef F
#pragma push_macro("G")
#undef G
#pragma push_macro("H")
#undef H
#pragma push_macro("I")
#undef I
#pragma push_macro("J")
#undef J
#pragma push_macro("K")
#undef K
#pragma push_macro("L")
#undef L
#pragma push_macro("M")
#undef M
#pragma push_macro("N")
#undef N
#pragma push_macro("O")
#undef O
#pragma push_macro("P")
#undef P
#pragma push_macro("Q")
#undef Q
#pragma push_macro("R")
#undef R
#pragma push_macro("S")
#undef S
#pragma push_macro("T")
#undef T
#pragma push_macro("U")
#undef U
#pragma push_macro("V")
#undef V
#pragma push_macro("W")
#undef W
#pragma push_macro("X")
#undef X
#pragma push_macro("Y")
#undef Y
#pragma push_macro("Z")
#undef Z
