// SPDX-License-Identifier: MIT
/// \file observed.hpp
/// Images that slices are compared with.
#pragma once

#include <bracewell/options.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell {

/// Half spectra of P images of each of B references, and how a slice S is compared with an image X: Σ w |c s S − X|².
///
/// - `images`: X, [P][h][w/2 + 1] or [B][P][h][w/2 + 1], complex float or double.
/// - `weights`: w, real, in the shape of the images, such as one over a noise's variance; `none`: ones.
/// - `ctf`: c, real, in the shape of the images; `none`: ones.
/// - `scale`: s, a number, or a View of one number for each image, [P] or [B][P] (B may be 1); `none`: 1.
///
/// Images, weights and CTFs have one precision and are contiguous along x; that of `scale` is free.
template <class Images, class Weights = None, class Ctf = None, class Scale = None>
struct Observed {
  Images images;
  Weights weights = {};
  Ctf ctf = {};
  Scale scale = {};
};

template <class Images>
Observed(Images) -> Observed<Images>;
template <class Images, class Weights>
Observed(Images, Weights) -> Observed<Images, Weights>;
template <class Images, class Weights, class Ctf>
Observed(Images, Weights, Ctf) -> Observed<Images, Weights, Ctf>;
template <class Images, class Weights, class Ctf, class Scale>
Observed(Images, Weights, Ctf, Scale) -> Observed<Images, Weights, Ctf, Scale>;

}  // namespace bracewell

#include <bracewell/detail/epilogue.hpp>
