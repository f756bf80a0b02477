// SPDX-License-Identifier: MIT
#include "reference.hpp"

namespace reference {

Kernel linear() {
  return {1, [](double t) { return std::max(0.0, 1 - std::abs(t)); }};
}

Kernel cubic() {
  return {2, [](double t) {
            t = std::abs(t);
            if (t < 1) return 1.5 * t * t * t - 2.5 * t * t + 1;
            return t < 2 ? -0.5 * t * t * t + 2.5 * t * t - 4 * t + 2 : 0;
          }};
}

double bessel_i0(double z) {
  double sum = 0;
  for (int i = 0; i < 128; ++i) sum += std::exp(z * std::cos(2 * pi * i / 128));
  return sum / 128;
}

Kernel kaiser_bessel(int reach, double padding) {
  const double ratio = 2 * reach / padding * (padding - 0.5), beta = pi * std::sqrt(ratio * ratio - 0.8);
  const double scale = beta / (2 * reach * std::sinh(beta));
  return {reach, [=](double t) {
            return std::abs(t) < reach ? scale * bessel_i0(beta * std::sqrt(1 - (t / reach) * (t / reach))) : 0;
          }};
}

std::size_t stored_size(const Extents& n) {
  std::size_t size = n.back() / 2 + 1;
  for (std::size_t i = 0; i + 1 < n.size(); ++i) size *= n[i];
  return size;
}

int extent(const Extents& n, std::size_t d) { return n[n.size() - 1 - d]; }

std::vector<std::vector<int>> frequencies(const Extents& n) {
  std::vector<std::vector<int>> all;
  for (std::size_t i = 0; i < stored_size(n); ++i) {
    std::vector<int> k;
    std::size_t rest = i;
    for (std::size_t d = 0; d < n.size(); ++d) {
      const int count = d == 0 ? n.back() / 2 + 1 : extent(n, d), index = int(rest % count);
      rest /= count;
      k.push_back(d == 0 || index < (count + 1) / 2 ? index : index - count);
    }
    all.push_back(k);
  }
  return all;
}

Stored locate(std::vector<int> m, const Extents& n) {
  const auto wrap = [&] {
    for (std::size_t d = 0; d < m.size(); ++d) m[d] = (m[d] % extent(n, d) + extent(n, d)) % extent(n, d);
  };
  wrap();
  const bool conjugate = m[0] > n.back() / 2;
  if (conjugate) {
    for (int& x : m) x = -x;
    wrap();
  }
  std::size_t offset = 0;
  for (std::size_t d = m.size(); d-- > 0;) offset = offset * (d == 0 ? n.back() / 2 + 1 : extent(n, d)) + m[d];
  return {offset, conjugate};
}

Complex conjugate_if(bool conjugate, Complex z) { return conjugate ? std::conj(z) : z; }

std::vector<double> kappa(const Geometry& g, const std::vector<int>& k) {
  const std::size_t n = g.extents.size(), m = g.slice.size();
  std::vector<double> result(n, 0.0);
  for (std::size_t d = 0; d < n; ++d)
    for (std::size_t e = 0; e < m; ++e)
      result[d] += g.oversampling * extent(g.extents, d) / g.extents.back() * g.slice.back() / extent(g.slice, e) *
                   g.rotation[e * n + d] * k[e];
  return result;
}

Complex phase(const Geometry& g, const std::vector<int>& k) {
  double turns = 0;
  for (std::size_t e = 0; e < k.size(); ++e) turns += g.shift.empty() ? 0 : k[e] * g.shift[e] / extent(g.slice, e);
  return std::polar(1.0, -2 * pi * turns);
}

bool counts(const Geometry& g, const std::vector<int>& k, const std::vector<double>& at) {
  double square = 0;
  for (std::size_t e = 0; e < k.size(); ++e) square += std::pow(double(k[e]) / extent(g.slice, e), 2);
  if (!(square <= std::pow(g.cutoff * (1 + 1e-6), 2))) return false;
  for (std::size_t d = 0; d < at.size(); ++d)
    if (!(std::abs(at[d]) <= extent(g.extents, d) / 2.0 * (1 + 1e-6))) return false;
  return std::isfinite(std::abs(phase(g, k)));
}

std::vector<Complex> project(const std::vector<Complex>& f, const Geometry& g, const Kernel& kernel) {
  std::vector<Complex> slice(stored_size(g.slice));
  const auto all = frequencies(g.slice);
  for (std::size_t i = 0; i < slice.size(); ++i) {
    const auto at = kappa(g, all[i]);
    if (!counts(g, all[i], at)) continue;
    Complex value = 0;
    taps(kernel, at, g.extents, [&](Stored s, double w) { value += w * conjugate_if(s.conjugate, f[s.offset]); });
    slice[i] = phase(g, all[i]) * value;
  }
  return slice;
}

Insertion backproject(const std::vector<Complex>& slice, const std::vector<double>& weights, const Geometry& g,
                      const Kernel& kernel) {
  Insertion sum{std::vector<Complex>(stored_size(g.extents)), std::vector<double>(stored_size(g.extents))};
  const auto all = frequencies(g.slice);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto at = kappa(g, all[i]);
    if (!counts(g, all[i], at)) continue;
    const double multiplicity = 2 * all[i][0] % g.slice.back() == 0 ? 0.5 : 1;
    const Complex value = slice.empty() ? 0 : multiplicity * std::conj(phase(g, all[i])) * slice[i];
    taps(kernel, at, g.extents, [&](Stored s, double w) {
      sum.data[s.offset] += w * conjugate_if(s.conjugate, value);
      sum.density[s.offset] += std::abs(w) * multiplicity * (weights.empty() ? 1 : weights[i]);
    });
  }
  return {symmetrise(sum.data, g.extents), symmetrise(sum.density, g.extents)};
}

}  // namespace reference
