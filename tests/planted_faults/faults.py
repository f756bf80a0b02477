# SPDX-License-Identifier: MIT
"""Small faults of the kinds that people make, each of which some test must see.

(name, file under include/bracewell, right text, wrong text, Catch2 tags of the tests concerned). Texts are expressions; a
right text that ends in a semicolon or a brace is statements. The right text must be there once.
"""

SLICES = "[project],[backproject]"
POINTS = "[raster]"
GEOMETRY = "detail/slicing/geometry.hpp"
STENCIL = "detail/slicing/stencil.hpp"
INSERT = "detail/slicing/insert.hpp"
BACKPROJECT = "detail/slicing/backproject_operations.hpp"
DERIVATIVES = "detail/slicing/backproject_derivatives.hpp"
PROJECT = "detail/slicing/project_operations.hpp"
BLOCK = "detail/slicing/block.hpp"
GRADIENT = "detail/slicing/pose_gradient.hpp"
ZONES = "detail/slicing/host_zones.hpp"
INTERSECTION = "detail/slicing/host_zone_intersection.hpp"
PROJECTION = "detail/points/projection.hpp"
VOXELS = "detail/points/voxels.hpp"
SHAPE = "detail/arguments/shape.hpp"
CHECK = "detail/arguments/check.hpp"
SCALE = "oversampling * extent[d] / extent[0] * slice_extent[0] / slice_extent[e]"

FAULTS = [
    # kernels
    ("linear slope sign", "kernels.hpp", "0 * f - 1", "0 * f + 1", SLICES),
    ("cubic weight sign", "kernels.hpp", "-0.5f * f * g * g", "0.5f * f * g * g", "[kernels]," + SLICES),
    ("cubic slope", "kernels.hpp", "(4.5f * f - 5) * f", "(4.5f * f + 5) * f", "[kernels]," + SLICES),
    ("Kaiser-Bessel shape", "kernels.hpp", "ratio * ratio - 0.8", "ratio * ratio - 0.9", "[kernels]"),
    ("Kaiser-Bessel mirrored tap", "kernels.hpp", "w[Reach + i] = e - o", "w[Reach + i] = e + o", "[kernels]," + SLICES),
    ("Kaiser-Bessel step at the edge", "kernels.hpp", "w[2 * Reach - 1] = f == 0 ? V(0 * f) : w[2 * Reach - 1];  // φ(−r) = 0", "",
     "[kernels]," + SLICES),
    ("integral of |cubic|", "kernels.hpp", "7.0 / 6", "1.0", "[finish],[kernels]"),
    ("transform of linear", "kernels.hpp", "detail::sinc(u) * detail::sinc(u)", "detail::sinc(u)", "[finish],[kernels]"),
    # geometry
    ("anisotropy upside down", GEOMETRY, SCALE,
     "oversampling * extent[d] / extent[0] * slice_extent[e] / slice_extent[0]", SLICES),
    ("anisotropy of the reference dropped", GEOMETRY, SCALE,
     "oversampling * slice_extent[0] / slice_extent[e]", SLICES),
    ("rotation by rows in reverse", GEOMETRY, "scales[e][d] * rotation[e][d]", "scales[e][d] * rotation[M - 1 - e][d]", SLICES),
    ("rotation by columns in reverse", GEOMETRY, "scales[e][d] * rotation[e][d]", "scales[e][d] * rotation[e][N - 1 - d]", SLICES),
    ("phase sign", GEOMETRY, "shift[e][0] / slice_extent[e]", "-shift[e][0] / slice_extent[e]", SLICES),
    ("shift by the width of x", GEOMETRY, "shift[e][0] / slice_extent[e]", "shift[e][0] / slice_extent[0]", SLICES),
    ("slack of the band missing", GEOMETRY, "T(0.5 * (1 + 1e-6) * extent)", "T(0.5 * extent)", SLICES),
    ("band exclusive", GEOMETRY, "T(0.5 * (1 + 1e-6) * extent)",
     "T(0.5 * (1 - 1e-6) * extent)", SLICES),
    ("slack of the cutoff missing", GEOMETRY, "cutoff * (1 + 1e-6)", "cutoff", SLICES),
    ("cutoff exclusive", GEOMETRY, "cutoff * (1 + 1e-6)", "cutoff * (1 - 1e-6)", SLICES),
    ("cutoff of y dropped", GEOMETRY, "row.max_kx_squared -= y * y;", "row.max_kx_squared -= 0 * y;", SLICES),
    ("last sample of a row lost", GEOMETRY, "row.end = end;", "row.end = end > begin ? end - 1 : end;", SLICES),
    ("infinite poses", GEOMETRY, "Kokkos::isfinite(sum)", "!Kokkos::isnan(sum)", SLICES),
    ("Nyquist row's sign", "spectrum.hpp", "index <= (extent - 1) / 2", "index <= extent / 2", "[spectrum]," + SLICES),
    ("periodic index", "spectrum.hpp", "index %= extent", "index = extent > 1", "[spectrum]," + SLICES),
    # Friedel symmetry
    ("mate's row", "detail/slicing/friedel.hpp", "mate && index != 0 ? extent - index : index", "index", SLICES),
    ("mates of the Nyquist column", "detail/slicing/friedel.hpp", "(Symmetric ? (width - 1) / 2 : width / 2) + 1 - Taps",
     "width / 2 + 1 - Taps", SLICES),
    ("self-conjugate columns: x = 0 alone", "detail/slicing/friedel.hpp", "2 * x == width", "x == 0", SLICES),
    ("wrong Friedel column", "detail/slicing/friedel.hpp", "I(width - x)", "I(width - x - 1)", SLICES),
    ("rows beyond the last", "detail/slicing/block_taps.hpp", "start >= extent - j", "start > extent - j", SLICES),
    ("mates' rows before the first", "detail/slicing/block_taps.hpp", "start < j", "start <= j", SLICES),
    ("rows of one zone in all", "detail/slicing/block_taps.hpp", "low[axis] == 0 && high[axis] > extent / 2", "high[axis] > extent / 2", SLICES),
    ("|φ| dropped in a stencil", STENCIL, "simd::select(w[j] < 0, P(-w[j]), w[j])", "w[j]", SLICES),
    ("slope of |φ|", STENCIL, "simd::select(w[j] < 0, P(-s[j]), s[j])", "s[j]", SLICES),
    ("slope of a folded sample", STENCIL, "P(s[j] * side)", "s[j]", SLICES),
    ("mate not conjugated in reading", "detail/slicing/read.hpp", "(mate ? -stencil.sign[lane] : stencil.sign[lane]) * part[c]",
     "stencil.sign[lane] * part[c]", SLICES),
    ("folded sample not conjugated", "detail/slicing/read.hpp", "(c > 0) != at_minus_kappa", "at_minus_kappa", SLICES),
    ("mate not conjugated in insertion", INSERT, "mate ? P(-some(stencil.sign)) : some(stencil.sign)", "some(stencil.sign)", SLICES),
    ("mate not conjugated in insertion tap by tap", INSERT, "mate ? -stencil.sign[lane] : stencil.sign[lane]",
     "stencil.sign[lane]", SLICES),
    ("mates dropped in insertion", INSERT, "add(lane, mates, mate_data, mate_density, lane - first);", ";", SLICES),
    ("|φ| dropped along x", INSERT, "strip[j] = simd::magnitude(w[j]) * weight;",
     "strip[j] = w[j] * weight;", SLICES),
    ("|φ| dropped above x", INSERT, "simd::magnitude(product)", "product", SLICES),
    ("rate of a weight dropped", INSERT, "w[j] * some(insertion.re_rate) + w_rate[j] * re",
     "w[j] * some(insertion.re_rate)", SLICES),
    # operations of slices
    ("missing ½ of the imaginary part", BACKPROJECT, "weigh_self_conjugate(block, width, im);", ";", SLICES),
    ("missing ½ of the Nyquist column", BLOCK, "if (width % 2 == 0) weigh_column(width / 2);", ";", SLICES),
    ("missing ½ of the weights' cotangent", DERIVATIVES, "weigh_self_conjugate(block, width, bar.component[0][0]);", ";", SLICES),
    ("phase of inserted slices", BACKPROJECT,
     "if constexpr (Geometry::shifted && has_slices) block.template multiply_phase<-1>(re, im);",
     "if constexpr (Geometry::shifted && has_slices) block.template multiply_phase<1>(re, im);", SLICES),
    ("turning of an inserted tangent", DERIVATIVES, "values.re_rate[lane] -= turning * values.im[lane]",
     "values.re_rate[lane] += turning * values.im[lane]", SLICES),
    ("lost accumulate of weights' cotangents", DERIVATIVES,
     "write_block(weights_bar, block, geometry.columns(), bar.component[0][0], accumulate);",
     "write_block(weights_bar, block, geometry.columns(), bar.component[0][0], false);", SLICES),
    ("density not cleared", BACKPROJECT, "if constexpr (Given<Density>) clear_rows(density_of(b), rows);", ";", SLICES),
    ("lost accumulate of slices", BLOCK, "out[lane] += value(lane)", "out[lane] = value(lane)", SLICES),
    ("whole blocks do not accumulate", BLOCK, "Count > 1 && !accumulate", "Count > 1", SLICES),
    ("phases of odd samples", BLOCK, "phase[k / 2] * phase[k - k / 2]", "phase[k / 2] * phase[k / 2]", SLICES),
    ("phase along x dropped in a rate", BLOCK, "row.cycles + kx * cycles_per_step", "row.cycles", SLICES),
    ("samples that do not count are left", BLOCK, "for (int kx = begin; kx < end; ++kx) out[kx] = 0;", ";", SLICES),
    ("sign of a shift's tangent", PROJECT, "im[lane] -= turning * value.component[0][0][lane]",
     "im[lane] += turning * value.component[0][0][lane]", SLICES),
    ("slope's channel", PROJECT, "kappa_rate * value.component[1 + d][1][lane]", "kappa_rate * value.component[N - d][1][lane]", SLICES),
    ("cotangent of shifts: sign", GRADIENT, "P(a * y - b * x)", "P(b * x - a * y)", SLICES),
    ("cotangent of rotations: real part alone", GRADIENT, "P(a * x + b * y)", "P(a * x)", SLICES),
    ("cotangent of rotations: frequency of y", GRADIENT, "double(sums[i]) * block.row->frequency[e]", "double(sums[i])",
     SLICES),
    ("cotangent of shifts: extent", GRADIENT, "2 * Kokkos::numbers::pi / geometry.slice_extent[e]",
     "2 * Kokkos::numbers::pi / geometry.slice_extent[0]", SLICES),
    ("zones end a row early", ZONES, "whole.high[d] = geometry.extent[d] / 2 + 1", "whole.high[d] = (geometry.extent[d] + 1) / 2", SLICES),
    ("zones without the kernel's reach", INTERSECTION, "zone.high[d] - 1 + reach + slack", "zone.high[d] - 1 + slack", SLICES),
    ("blocks of poses overwrite one another", "detail/slicing/pose_blocks.hpp", "options.accumulate || first > 0", "options.accumulate",
     SLICES),
    ("all blocks have the first slices", GEOMETRY, "stack.data += first * stack.batch_stride[1];", ";", SLICES),
    ("all blocks have the first rotations", GEOMETRY, "rotations.from(first)", "rotations", SLICES),
    # sums, tables, scratch
    ("objects that share a pose", "detail/core/ordered_sums.hpp", "shared ? objects : b + 1", "b + 1", SLICES + "," + POINTS),
    ("lost accumulate of poses", "detail/core/arrays.hpp", "if (accumulate) value += (*this)(b, i, e, d);", ";", SLICES + "," + POINTS),
    ("stride of a batch of one", "detail/core/tables.hpp", "leading == 2 && x.extent(0) != 1", "leading == 2", SLICES + "," + POINTS),
    ("stale workspace", "workspace.hpp", "!scratch || scratch->size() < count", "!scratch", "[tools]"),
    ("product rule", "detail/core/tap_product.hpp", "a.value * b.rate + a.rate * b.value", "a.value * b.rate", SLICES + "," + POINTS),
    ("slope of the axes above", "detail/core/tap_product.hpp", "add_product(sum.slope[k], weight, term.slope[k]);", ";",
     SLICES + "," + POINTS),
    # points
    ("voxel centre", PROJECTION, "0.5 * (extent[e] - 1)", "0.5 * extent[e]", POINTS),
    ("central voxel of an odd grid", PROJECTION, "extent[e] / 2", "0.5 * extent[e]", POINTS),
    ("sign of a shift of points", PROJECTION, "frame.scale[e] * shift[e][0] + frame.centre[e]",
     "frame.centre[e] - frame.scale[e] * shift[e][0]", POINTS),
    ("tangent of rotations of points dropped", PROJECTION, "x_dot[e] += matrix_dot[e][d] * q[d];", ";", POINTS),
    ("cotangent of points by the wrong column", PROJECTION, "q_bar[d] += matrix[e][d] * x_bar[e]",
     "q_bar[d] += matrix[e][N - 1 - d] * x_bar[e]", POINTS),
    ("cotangent of shifts of points without scale", PROJECTION, "sums[(Parameters ? M * N : 0) + e] += p_bar",
     "sums[(Parameters ? M * N : 0) + e] += x_bar[e]", POINTS),
    ("point at the lower edge lost", VOXELS, "first > I(none - Int(2 * Reach))", "first > I(none - Int(2 * Reach - 1))", POINTS),
    ("point at the upper edge lost", VOXELS, "first < I(none + Int(extent))", "first < I(none + Int(extent - 1))", POINTS),
    ("weights' tangent dropped", "detail/points/draw_operation.hpp", "element(weights_dot, 0.0, b, index, c)", "0.0", POINTS),
    ("tangent of out_weight dropped", "detail/points/draw_operation.hpp", "out_weight_dot(b, p)", "0.0", POINTS),
    ("lost accumulate of points", "detail/points/host_gradient.hpp", "accumulate ? to + V(sum) : V(sum)", "V(sum)", POINTS),
    ("out_weight of a cotangent", "detail/points/gradient_operation.hpp", "value[lane] *= out_weight;", ";", POINTS),
    ("channels of a cotangent", "detail/points/gradient_operation.hpp", "images.at(b, p, c)", "images.at(b, p, 0)", POINTS),
    ("widths' tangent dropped", "detail/points/draw_operation.hpp", "widths_dot(b, index(lane))", "0.0", POINTS),
    ("widths along the wrong axis", VOXELS, "P(width * widths.scale[e])", "P(width * widths.scale[0])", POINTS),
    ("taps lost where a weight is 0", VOXELS, "of_tap(point.weight[axis], j) == 0 && slope(axis, j) == 0",
     "of_tap(point.weight[axis], j) == 0", POINTS),
    ("blobs that are not normalised", "gaussian.hpp", "1 / (2 * slope_at_a)", "V(zero + 1)", POINTS),
    ("a blob's end does not move", "gaussian.hpp", "by_end * (a - 2 * value)", "zero", POINTS),
    ("sums of earlier images cleared", "detail/points/host_gradient.hpp", "range.first == 0", "true", POINTS),
    ("a point's last segment of a row", "detail/points/host_sort.hpp", "std::uint64_t(2) << segment(x + Op::taps - 1)", "std::uint64_t(2) << segment(x)", POINTS),
    ("columns of a background's cotangent", "detail/points/host_gradient.hpp",
     "for (; x < images.extent[0]; ++x) sum += from[x];", ";", POINTS),
    # around slices
    ("origin of an odd array", "finish.hpp", "k * (n / 2) % n", "k * ((n + 1) / 2) % n", "[finish]"),
    ("centre of an even map", "finish.hpp", "op.centre[a] = extent / 2;", "op.centre[a] = (extent - 1) / 2;", "[finish]"),
    ("floor added", "finish.hpp", "Wiener ? d + 1 / (n * unit) : d > n / unit ? d : n / unit",
     "Wiener ? d + 1 / (n * unit) : d + n / unit", "[finish]"),
    ("noise dropped", "finish.hpp", "Wiener ? d + 1 / (n * unit) : d > n / unit ? d : n / unit",
     "Wiener ? d : d > n / unit ? d : n / unit", "[finish]"),
    ("tilt's sign", "eigen.hpp", "Axis(-Scalar(tilt) * radians, Vector::UnitY())", "Axis(Scalar(tilt) * radians, Vector::UnitY())", "[eigen]"),
    ("transposed cotangent of a turn", "eigen.hpp", "if (turn == Turn::left) return rotation * v;",
     "if (turn == Turn::left) return rotation.transpose() * v;", "[eigen]"),
    ("Jacobian of a turn", "eigen.hpp", "(1 - sinc) * axis", "(1 + sinc) * axis", "[eigen]"),
    # checks
    ("aliasing", SHAPE, "overlap(output, other)", "false", "[bad_input]"),
    ("aliasing at the end", SHAPE, "holds(a, in_b.begin) || holds(a, in_b.end - 1) || holds(b, in_a.begin) || holds(b, in_a.end - 1)",
     "in_a.begin == in_b.begin", "[bad_input]"),
    ("null pointers", SHAPE, "!s.data", "false", "[bad_input]"),
    ("alignment", SHAPE, "reinterpret_cast<std::uintptr_t>(s.data) % s.alignment != 0", "false", "[bad_input]"),
    ("stride 0", SHAPE, "written && s.extent[i] > 1 && s.stride[i] == 0", "false", "[bad_input]"),
    ("extents of 32 bits", SHAPE, "s.extent[axis] != expected", "int(s.extent[axis]) != int(expected)", "[bad_input]"),
    ("largest extent", SHAPE, "s.extent[i] > (std::int64_t(1) << 30)", "false", "[bad_input]"),
    ("stored columns", SHAPE, "s.width / 2 + 1 != columns", "false", "[bad_input]"),
    ("a batch of one where it may not be", CHECK, "may_be_1 && s.extent[i] == 1", "s.extent[i] == 1", "[project],[backproject],[raster]"),
    ("shape of a tangent", CHECK, "s.rank != like.rank || !std::equal(s.extent, s.extent + s.rank, like.extent)", "false",
     "[bad_input]"),
    ("width of a tangent", CHECK, "stored && s.width != like.width", "false", "[bad_input],[project]"),
    ("negative padding", CHECK, "!(options.padding >= 0)", "false", "[bad_input]"),
    ("NaN as cutoff", CHECK, "!(options.cutoff >= 0)", "options.cutoff < 0", "[bad_input]"),
]
