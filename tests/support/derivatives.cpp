// SPDX-License-Identifier: MIT
#include "derivatives.hpp"

#include "differentiable.hpp"

namespace support {

std::vector<double> flat(const std::vector<std::complex<double>>& v) {
  std::vector<double> pairs;
  for (const auto& z : v) {
    pairs.push_back(z.real());
    pairs.push_back(z.imag());
  }
  return pairs;
}

std::vector<std::complex<double>> pairs(const std::vector<double>& v) {
  std::vector<std::complex<double>> z;
  for (std::size_t i = 0; i + 1 < v.size(); i += 2) z.emplace_back(v[i], v[i + 1]);
  return z;
}

std::vector<double> before(const Arguments* start, int i, std::size_t size) {
  return start ? (*start)[i] : std::vector<double>(size, std::numeric_limits<double>::quiet_NaN());
}

void check_derivatives(const Differentiable& op, const Arguments& inputs, Random& random,
                       const DerivativeTolerance& tolerance) {
  using namespace derivatives;
  const int count = int(op.inputs.size());
  const unsigned all = (1u << count) - 1;
  REQUIRE(int(inputs.size()) == count);
  Arguments dots = random_like(random, inputs);
  for (int i = 0; i < count; ++i) op.admit(i, dots[i]);
  const Arguments value = op.value(inputs), bars = random_like(random, value);
  const auto only = [&](unsigned mask) {
    Arguments some = dots;
    for (int i = 0; i < count; ++i)
      if (!(mask >> i & 1)) std::fill(some[i].begin(), some[i].end(), 0.0);
    return some;
  };

  std::vector<Arguments> alone;
  for (int i = 0; i < count; ++i) {
    INFO("tangent of " << op.inputs[i]);
    alone.push_back(op.jvp(inputs, only(1u << i), tolerance.subsets ? 1u << i : all, nullptr));
    if (tolerance.difference > 0) {
      const double h = tolerance.step;
      const Arguments dot = only(1u << i), ahead = op.value(axpy(inputs, h, dot)), behind = op.value(axpy(inputs, -h, dot));
      Arguments difference = axpy(ahead, -1, behind);
      for (auto& v : difference)
        for (double& x : v) x /= 2 * h;
      CHECK(error(alone[i], difference) < tolerance.difference);
    }
  }
  for (unsigned mask = tolerance.subsets ? 1 : all; mask <= all; ++mask) {
    INFO("tangents " << mask);
    Arguments sum = axpy(value, -1, value);
    for (int i = 0; i < count; ++i)
      if (mask >> i & 1) sum = axpy(sum, 1, alone[i]);
    CHECK(norm(axpy(op.jvp(inputs, dots, mask, nullptr), -1, sum)) <= tolerance.same * (norm(sum) + norm(value)));
  }
  const Arguments start = random_like(random, value), tangent = op.jvp(inputs, dots, all, nullptr);
  CHECK(error(op.jvp(inputs, dots, all, &start), axpy(start, 1, tangent)) <= tolerance.same);

  const Arguments whole = op.vjp(inputs, bars, all, nullptr);
  REQUIRE(int(whole.size()) == count);
  for (int i = 0; i < count; ++i) {
    INFO("cotangent of " << op.inputs[i]);
    const Arguments dot_i{dots[i]}, bar_i{whole[i]};
    const double left = dot(bars, alone[i]), right = dot(bar_i, dot_i);
    CHECK(std::abs(left - right) <= tolerance.dot * (norm(bars) * norm(alone[i]) + norm(bar_i) * norm(dot_i)));
  }
  for (unsigned mask = 1; tolerance.subsets && mask < all; ++mask) {
    INFO("cotangents " << mask);
    const Arguments some = op.vjp(inputs, bars, mask, nullptr);
    for (int i = 0; i < count; ++i)
      if (mask >> i & 1) CHECK(relative_error(some[i], whole[i]) <= tolerance.same);
  }
  const Arguments begin = random_like(random, inputs);
  CHECK(error(op.vjp(inputs, bars, all, &begin), axpy(begin, 1, whole)) <= tolerance.same);
}

}  // namespace support
