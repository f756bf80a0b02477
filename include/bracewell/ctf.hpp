// SPDX-License-Identifier: MIT
/// \file ctf.hpp
/// The contrast transfer of an electron microscope, on hosts and devices, and its derivatives in every parameter.
///
/// At the spatial frequency k in 1/Å, x along columns and y along rows, with q = M k of the magnification matrix M,
///
///     C(k) = scale · exp(−B |q|² / 4) · sin χ(q) · exp(−i δ(q))
///     χ    = πλ z(q) − ½ π Cs λ³ |q|⁴ + φ + asin Q,     z = ½ (U + V) |q|² + ½ (U − V) (cos 2θ (q_x² − q_y²) + sin 2θ · 2 q_x q_y)
///     δ    = 2π Cs λ² |q|² (q · β)
///
/// in Å and radians: U, V the defoci, positive for underfocus, U along the axis at the angle θ from x towards y; φ the phase
/// shift; Q the amplitude contrast; β the beam tilt. λ = 12.2643247 / √(V + 0.978466e-6 V²) Å of V volts. (J. A. Mindell, N.
/// Grigorieff, J. Struct. Biol. 142, 334 (2003); RELION.)
///
/// The sign is RELION's: C(0) = +Q without phase shift, proteins are white in images of maps that are positive. ASPIRE, cryoDRGN
/// and cryoJAX have the opposite, C(0) = −Q: scale = −1.
#pragma once

#include <bracewell/detail/arguments/refuse.hpp>

#include <Kokkos_Core.hpp>

#include <string>
#include <vector>

#include <bracewell/detail/job/prologue.hpp>

namespace bracewell {

/// The parameters of one image, in RELION's units.
struct Ctf {
  double defocus_u = 0, defocus_v = 0;  // Å
  double defocus_angle = 0;             // degrees from x towards y
  double voltage = 300;                 // kV
  double spherical_aberration = 2.7;    // mm
  double amplitude_contrast = 0.1;
  double phase_shift = 0;  // degrees
  double b_factor = 0;     // Å²
  double scale = 1;
  double beam_tilt[2] = {0, 0};                   // mrad, x and y
  double magnification[2][2] = {{1, 0}, {0, 1}};  // M
};

/// The order of derivatives: the members of Ctf.
enum class CtfParameter {
  defocus_u,
  defocus_v,
  defocus_angle,
  voltage,
  spherical_aberration,
  amplitude_contrast,
  phase_shift,
  b_factor,
  scale,
  beam_tilt_x,
  beam_tilt_y,
  magnification_xx,
  magnification_xy,
  magnification_yx,
  magnification_yy
};
inline constexpr int ctf_parameters = 15;

/// The wavelength in Å of electrons of `voltage` kV.
KOKKOS_INLINE_FUNCTION double electron_wavelength(double voltage) {
  const double volts = 1e3 * voltage;
  return 12.2643247 / Kokkos::sqrt(volts * (1 + 0.978466e-6 * volts));
}

namespace detail::job {

/// sin x to 5e-16 for |x| < 1e6, and what x itself is rounded to: a polynomial in line, for loops over samples, where the C library's
/// function takes most of the time that C does. x is reduced by π in two parts, the first of 33 bits.
KOKKOS_INLINE_FUNCTION double sine(double x) {
  const double turns = Kokkos::floor(x * 0.31830988618379067 + 0.5), half = 0.5 * turns;
  const double r = (x - turns * 3.14159265346825122834) - turns * 1.21542010130123852e-10;
  constexpr double inverse_factorials[] = {-8.22063524662433e-18,  2.8114572543455206e-15, -7.647163731819816e-13,
                                           1.6059043836821613e-10, -2.505210838544172e-08, 2.7557319223985893e-06,
                                           -0.0001984126984126984, 0.008333333333333333,   -0.16666666666666666};
  const double square = r * r;
  double sum = 0;
  for (const double f : inverse_factorials) sum = sum * square + f;
  const double value = r + r * square * sum;
  return half == Kokkos::floor(half) ? value : -value;
}

}  // namespace detail::job

/// What of C images have. phase_flipped: |sin χ|, of images whose phases were flipped. phases: the sign alone, where data
/// are to be flipped. intact_first_peak: 1 for |χ| < π/2.
enum class CtfUse { full, phase_flipped, phases, intact_first_peak };

/// C of one image as a function of k in cycles per pixel; made once from its parameters, cheap to evaluate and to copy.
class ContrastTransfer {
 public:
  ContrastTransfer() = default;

  /// `pixel` is the size of a pixel in Å.
  KOKKOS_FUNCTION ContrastTransfer(const Ctf& ctf, double pixel, CtfUse use = CtfUse::full) : use_(use) {
    const double pi = Kokkos::numbers::pi, radians = pi / 180, lambda = electron_wavelength(ctf.voltage);
    const double cs = 1e7 * ctf.spherical_aberration, mean = (ctf.defocus_u + ctf.defocus_v) / 2,
                 deviation = (ctf.defocus_u - ctf.defocus_v) / 2, twice = 2 * radians * ctf.defocus_angle;
    xx_ = pi * lambda * (mean + deviation * Kokkos::cos(twice));
    yy_ = pi * lambda * (mean - deviation * Kokkos::cos(twice));
    xy_ = 2 * pi * lambda * deviation * Kokkos::sin(twice);
    quartic_ = -pi / 2 * cs * lambda * lambda * lambda;
    constant_ = radians * ctf.phase_shift + Kokkos::asin(ctf.amplitude_contrast);
    decay_ = -ctf.b_factor / 4;
    scale_ = ctf.scale;
    for (int i = 0; i < 2; ++i) {
      coma_[i] = 2 * pi * cs * lambda * lambda * 1e-3 * ctf.beam_tilt[i];
      for (int j = 0; j < 2; ++j) frequency_[i][j] = ctf.magnification[i][j] / pixel;
    }
  }

  /// C without exp(−i δ), at k in cycles per pixel.
  KOKKOS_FUNCTION double value(double kx, double ky) const {
    const double x = frequency_[0][0] * kx + frequency_[0][1] * ky, y = frequency_[1][0] * kx + frequency_[1][1] * ky;
    const double square = x * x + y * y;
    const double chi = xx_ * x * x + xy_ * x * y + yy_ * y * y + quartic_ * square * square + constant_;
    double c = detail::job::sine(chi);
    if (use_ == CtfUse::phase_flipped) c = Kokkos::abs(c);
    if (use_ == CtfUse::phases) c = c < 0 ? -1 : 1;
    if (use_ == CtfUse::intact_first_peak && Kokkos::abs(chi) < Kokkos::numbers::pi / 2) c = 1;
    return scale_ * c * (decay_ == 0 ? 1 : Kokkos::exp(decay_ * square));
  }

  /// δ
  KOKKOS_FUNCTION double beam_tilt_phase(double kx, double ky) const {
    const double x = frequency_[0][0] * kx + frequency_[0][1] * ky, y = frequency_[1][0] * kx + frequency_[1][1] * ky;
    return (x * x + y * y) * (coma_[0] * x + coma_[1] * y);
  }

  /// C
  KOKKOS_FUNCTION Kokkos::complex<double> value_with_beam_tilt(double kx, double ky) const {
    const double c = value(kx, ky), delta = beam_tilt_phase(kx, ky);
    return {c * Kokkos::cos(delta), -c * Kokkos::sin(delta)};
  }

 private:
  double xx_ = 0, xy_ = 0, yy_ = 0, quartic_ = 0, constant_ = 0, decay_ = 0, scale_ = 0;
  double coma_[2] = {}, frequency_[2][2] = {};
  CtfUse use_ = CtfUse::full;
};

/// C and its derivatives in the parameters, in their units.
struct CtfDerivatives {
  Kokkos::complex<double> value, gradient[ctf_parameters];

  KOKKOS_FUNCTION const Kokkos::complex<double>& operator[](CtfParameter parameter) const {
    return gradient[int(parameter)];
  }
};

/// At k in 1/Å.
KOKKOS_INLINE_FUNCTION CtfDerivatives ctf_derivatives(const Ctf& ctf, double kx, double ky) {
  using Complex = Kokkos::complex<double>;
  using Kokkos::cos, Kokkos::sin;
  const double pi = Kokkos::numbers::pi, radians = pi / 180;
  const double volts = 1e3 * ctf.voltage, lambda = electron_wavelength(ctf.voltage);
  const double lambda_slope = -1e3 * lambda / 2 * (1 + 2 * 0.978466e-6 * volts) / (volts * (1 + 0.978466e-6 * volts));
  const double cs = 1e7 * ctf.spherical_aberration, twice = 2 * radians * ctf.defocus_angle;
  const auto& m = ctf.magnification;
  const double k[2] = {kx, ky}, x = m[0][0] * kx + m[0][1] * ky, y = m[1][0] * kx + m[1][1] * ky, s = x * x + y * y;
  const double mean = (ctf.defocus_u + ctf.defocus_v) / 2, deviation = (ctf.defocus_u - ctf.defocus_v) / 2;
  const double along = cos(twice) * (x * x - y * y) + sin(twice) * 2 * x * y;
  const double across = -sin(twice) * (x * x - y * y) + cos(twice) * 2 * x * y;  // half of d along / dθ
  const double z = mean * s + deviation * along;
  const double chi = pi * lambda * z - pi / 2 * cs * lambda * lambda * lambda * s * s + radians * ctf.phase_shift +
                     Kokkos::asin(ctf.amplitude_contrast);
  const double tilt = 1e-3 * (ctf.beam_tilt[0] * x + ctf.beam_tilt[1] * y), coma = 2 * pi * cs * lambda * lambda;
  const double delta = coma * s * tilt, envelope = Kokkos::exp(-ctf.b_factor / 4 * s);
  const Complex phase(cos(delta), -sin(delta));
  const Complex by_chi = ctf.scale * envelope * cos(chi) * phase;
  const Complex value = ctf.scale * envelope * sin(chi) * phase, by_delta = Complex(0, -1) * value;

  CtfDerivatives d{value, {}};
  const auto at = [&](CtfParameter parameter) -> Complex& { return d.gradient[int(parameter)]; };
  at(CtfParameter::defocus_u) = by_chi * (pi * lambda * (s + along) / 2);
  at(CtfParameter::defocus_v) = by_chi * (pi * lambda * (s - along) / 2);
  at(CtfParameter::defocus_angle) = by_chi * (pi * lambda * deviation * 2 * radians * across);
  at(CtfParameter::voltage) = by_chi * ((pi * z - 1.5 * pi * cs * lambda * lambda * s * s) * lambda_slope) +
                              by_delta * (2 * delta / lambda * lambda_slope);
  at(CtfParameter::spherical_aberration) =
      by_chi * (-pi / 2 * 1e7 * lambda * lambda * lambda * s * s) + by_delta * (2 * pi * 1e7 * lambda * lambda * s * tilt);
  at(CtfParameter::amplitude_contrast) = by_chi * (1 / Kokkos::sqrt(1 - ctf.amplitude_contrast * ctf.amplitude_contrast));
  at(CtfParameter::phase_shift) = by_chi * radians;
  at(CtfParameter::b_factor) = value * (-s / 4);
  at(CtfParameter::scale) = envelope * sin(chi) * phase;
  at(CtfParameter::beam_tilt_x) = by_delta * (coma * s * 1e-3 * x);
  at(CtfParameter::beam_tilt_y) = by_delta * (coma * s * 1e-3 * y);
  const double q[2] = {x, y}, c2 = cos(twice), s2 = sin(twice), quartic = -2 * pi * cs * lambda * lambda * lambda * s;
  const double along_slope[2] = {2 * (c2 * x + s2 * y), 2 * (s2 * x - c2 * y)};
  for (int i = 0; i < 2; ++i) {
    const double chi_slope = pi * lambda * (2 * mean * q[i] + deviation * along_slope[i]) + quartic * q[i];
    const double delta_slope = coma * (2 * q[i] * tilt + s * 1e-3 * ctf.beam_tilt[i]);
    const Complex slope = by_chi * chi_slope + by_delta * delta_slope + value * (-ctf.b_factor / 2 * q[i]);
    for (int j = 0; j < 2; ++j) d.gradient[int(CtfParameter::magnification_xx) + 2 * i + j] = slope * k[j];
  }
  return d;
}

/// C of images without beam tilt, for Projector and Reconstructor (modulation): a View of ContrastTransfer, one an image.
template <class View>
struct ContrastOfImages {
  View images;

  KOKKOS_FUNCTION double operator()(int image, const Kokkos::Array<double, 2>& k) const {
    return images(image).value(k[0], k[1]);
  }
};
template <class View>
ContrastOfImages(View) -> ContrastOfImages<View>;

/// The same with beam tilt: complex.
template <class View>
struct TiltedContrastOfImages {
  View images;

  KOKKOS_FUNCTION Kokkos::complex<double> operator()(int image, const Kokkos::Array<double, 2>& k) const {
    return images(image).value_with_beam_tilt(k[0], k[1]);
  }
};
template <class View>
TiltedContrastOfImages(View) -> TiltedContrastOfImages<View>;

/// A View of the transfer of images, in memory of `exec`, from their parameters and the size of a pixel in Å: for
/// ContrastOfImages. Waits.
/// \throws std::invalid_argument for a pixel size or parameters without meaning.
template <class Exec>
auto contrast_transfer(const Exec& exec, const std::vector<Ctf>& images, double pixel, CtfUse use = CtfUse::full) {
  if (!(pixel > 0)) detail::refuse("contrast_transfer", "pixel", std::to_string(pixel), "a positive length in Å");
  const Kokkos::View<ContrastTransfer*, typename Exec::memory_space> view(
      Kokkos::view_alloc(exec, Kokkos::WithoutInitializing, "bracewell::ctf"), images.size());
  const auto host = Kokkos::create_mirror_view(Kokkos::WithoutInitializing, Kokkos::HostSpace(), view);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const Ctf& ctf = images[i];
    const auto refuse = [&](const char* name, double value, const char* expected) {
      detail::refuse("contrast_transfer", name, std::to_string(value) + " of image " + std::to_string(i), expected);
    };
    if (!(ctf.voltage > 0)) refuse("voltage", ctf.voltage, "a positive number of kV");
    if (!(ctf.amplitude_contrast >= -1 && ctf.amplitude_contrast <= 1))
      refuse("amplitude_contrast", ctf.amplitude_contrast, "-1 to 1");
    host(i) = ContrastTransfer(ctf, pixel, use);
  }
  Kokkos::deep_copy(exec, view, host);
  exec.fence("bracewell::ctf");
  return view;
}

}  // namespace bracewell

#include <bracewell/detail/job/epilogue.hpp>
