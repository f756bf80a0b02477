// SPDX-License-Identifier: MIT
#include <bracewell/eigen.hpp>
#include <bracewell/finish.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <array>
#include <cmath>
#include <limits>

namespace bw = bracewell;

TEST_CASE("Eigen objects are seen as Views, without copies", "[eigen]") {
  Eigen::MatrixXd m = Eigen::MatrixXd::Random(4, 6);
  const auto v = bw::as_view(m);
  static_assert(std::is_same_v<decltype(v(0, 0)), double&>);
  CHECK(v.extent(0) == 4);
  CHECK(v.extent(1) == 6);
  CHECK(&v(2, 3) == &m(2, 3));

  const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> r = Eigen::MatrixXf::Random(3, 5);
  const auto w = bw::as_view(r);
  static_assert(std::is_same_v<decltype(w(0, 0)), const float&>);
  CHECK(&w(2, 4) == &r(2, 4));

  auto block = m.block(1, 2, 2, 3);
  CHECK(&bw::as_view(block)(1, 2) == &m(2, 4));
  auto row = m.row(2);
  CHECK(&bw::as_view(row)(5) == &m(2, 5));

  Eigen::VectorXcf z = Eigen::VectorXcf::Random(7);
  const auto c = bw::as_view(z);
  static_assert(std::is_same_v<decltype(c)::value_type, Kokkos::complex<float>>);
  c(3) = Kokkos::complex<float>(1, 2);
  CHECK(z(3) == std::complex<float>(1, 2));
}

TEST_CASE("Views are seen as Eigen Maps, without copies", "[eigen]") {
  const Kokkos::View<Kokkos::complex<double>**, Kokkos::LayoutRight, Kokkos::HostSpace> right("right", 3, 4);
  const Kokkos::View<double**, Kokkos::LayoutLeft, Kokkos::HostSpace> left("left", 3, 4);
  const Kokkos::View<const double*, Kokkos::HostSpace> line(left.data(), 5);
  right(1, 3) = Kokkos::complex<double>(4, 5);
  left(2, 1) = 7;
  CHECK(bw::as_eigen(right)(1, 3) == std::complex<double>(4, 5));
  CHECK(bw::as_eigen(left)(2, 1) == 7);
  CHECK(bw::as_eigen(line).data() == line.data());
  CHECK(bw::as_eigen(line).size() == 5);
  bw::as_eigen(left).setConstant(3);
  CHECK(left(1, 2) == 3);
}

TEST_CASE("vectors of matrices are rotations of a batch of poses", "[eigen]") {
  std::vector<Eigen::Matrix3d> columns{Eigen::Matrix3d::Random(), Eigen::Matrix3d::Random()};
  std::vector<Eigen::Matrix<float, 3, 3, Eigen::RowMajor>> rows(3, Eigen::Matrix3f::Random());
  std::vector<Eigen::Vector2d> shifts{{1, 2}, {3, 4}};
  const auto a = bw::rotation_view<2>(columns);
  const auto b = bw::rotation_view<3>(rows);
  const auto t = bw::vector_view(shifts);
  CHECK(a.extent(0) == 2);
  CHECK(a.extent(1) == 2);
  CHECK(b.extent(0) == 3);
  CHECK(t(1, 0) == 3);
  for (int e = 0; e < 2; ++e)
    for (int d = 0; d < 3; ++d) {
      CHECK(&a(1, e, d) == &columns[1](e, d));
      CHECK(&b(2, e, d) == &rows[2](e, d));
    }
}

TEST_CASE("rotations of RELION's Euler angles", "[eigen]") {
  // Euler_angles2matrix, element by element.
  for (const auto& [rot, tilt, psi] :
       {std::array{10.0, 20.0, 30.0}, std::array{-123.0, 77.0, 301.0}, std::array{0.0, 180.0, 45.0}}) {
    const double d = M_PI / 180, ca = std::cos(rot * d), sa = std::sin(rot * d), cb = std::cos(tilt * d),
                 sb = std::sin(tilt * d), cg = std::cos(psi * d), sg = std::sin(psi * d);
    Eigen::Matrix3d want;
    want << cg * cb * ca - sg * sa, cg * cb * sa + sg * ca, -cg * sb,  //
        -sg * cb * ca - cg * sa, -sg * cb * sa + cg * ca, sg * sb,     //
        sb * ca, sb * sa, cb;
    CHECK((bw::rotation_from_euler_zyz(rot, tilt, psi) - want).cwiseAbs().maxCoeff() < 1e-15);
  }
}

TEST_CASE("Euler angles are whole degrees, too, in double", "[eigen]") {
  static_assert(std::is_same_v<decltype(bw::rotation_from_euler_zyz(1, 2, 3))::Scalar, double>);
  static_assert(std::is_same_v<decltype(bw::rotation_from_euler_zyz(1.f, 2.f, 3.f))::Scalar, float>);
  CHECK(bw::rotation_from_euler_zyz(1, 2, 3) == bw::rotation_from_euler_zyz(1.0, 2.0, 3.0));
  CHECK(bw::rotation_from_euler_zyz(-170L, 65L, 20L) == bw::rotation_from_euler_zyz(-170.0, 65.0, 20.0));
}

TEST_CASE("Views of Maps at odd addresses are refused where they are used", "[eigen]") {
  using Rows = Eigen::Matrix<std::complex<double>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Kokkos::DefaultHostExecutionSpace exec;
  std::vector<double> memory(2 * 16 * 9 + 2, 1.0);
  const bool even = reinterpret_cast<std::uintptr_t>(memory.data()) % 16 == 0;
  const auto map = [&](int offset) {
    return Eigen::Map<Rows>(reinterpret_cast<std::complex<double>*>(memory.data() + offset), 16, 9);
  };
  auto aligned = map(even ? 0 : 1), odd = map(even ? 1 : 0);
  CHECK_NOTHROW(bw::origin_to_zero(exec, bw::as_view(aligned)));
  CHECK_THROWS_MATCHES(bw::origin_to_zero(exec, bw::as_view(odd)), std::invalid_argument,
                       Catch::Matchers::MessageMatches(Catch::Matchers::ContainsSubstring(
                           "origin_to_zero: 'spectrum' is at an address that is no multiple of 16 bytes")));
}

TEST_CASE("rotations of quaternions", "[eigen]") {
  const Eigen::Quaterniond q(Eigen::AngleAxisd(0.7, Eigen::Vector3d(1, 2, 3).normalized()));
  const Eigen::Quaterniond longer(3 * q.w(), 3 * q.x(), 3 * q.y(), 3 * q.z());
  const Eigen::Vector3d v(0.3, -0.4, 0.5);
  CHECK((bw::rotation_from_quaternion(longer) * v - q * v).norm() < 1e-15);
}

namespace {

constexpr double eps = std::numeric_limits<double>::epsilon();

/// Rotation vectors from none to almost a whole turn, past the half turn where rotations come back.
std::vector<Eigen::Vector3d> rotation_vectors() {
  std::vector<Eigen::Vector3d> vectors{Eigen::Vector3d::Zero()};
  for (const double angle : {1e-200, 1e-12, 1e-4, 0.3, 1.5, 3.14159, 3.2, 6.0})
    for (const Eigen::Vector3d& axis :
         {Eigen::Vector3d(0, 0, 1), Eigen::Vector3d(1, 0, 0), Eigen::Vector3d(-2, 3, 0.5), Eigen::Vector3d(1, 1, -1)})
      vectors.push_back(angle * axis.normalized());
  return vectors;
}

Eigen::Matrix3d exponential(const Eigen::Matrix3d& a) {
  Eigen::Matrix3d sum = Eigen::Matrix3d::Identity(), power = sum;
  for (int k = 1; k < 60; ++k) {
    power = (power * a / k).eval();
    sum += power;
  }
  return sum;
}

const Eigen::Matrix3d some_rotation = bw::rotation_from_euler_zyz(31.0, 77.0, -140.0);
constexpr std::array turns{bw::Turn::left, bw::Turn::right};

}  // namespace

TEST_CASE("rotations of rotation vectors are matrix exponentials", "[eigen][derivatives]") {
  for (const auto& omega : rotation_vectors()) {
    INFO(omega.transpose());
    const Eigen::Matrix3d r = bw::rotation_from_vector(omega);
    const Eigen::Vector3d v(1, 2, 3);
    CHECK((bw::cross_matrix(omega) * v - omega.cross(v)).norm() <= 4 * eps * omega.norm() * v.norm());
    // Terms of the series grow to e^|ω| before they cancel.
    CHECK((r - exponential(bw::cross_matrix(omega))).norm() <= 10 * eps * std::exp(omega.norm()));
    CHECK((r * r.transpose() - Eigen::Matrix3d::Identity()).norm() <= 10 * eps);
    CHECK((bw::turned(some_rotation, omega, bw::Turn::left) - r * some_rotation).norm() <= 10 * eps);
    CHECK((bw::turned(some_rotation, omega, bw::Turn::right) - some_rotation * r).norm() <= 10 * eps);
  }
  const Eigen::Vector3f single(0.1f, -0.2f, 0.3f);
  CHECK((bw::rotation_from_vector(single).cast<double>() - bw::rotation_from_vector(single.cast<double>())).norm() < 1e-6);
}

TEST_CASE("derivatives of rotations by rotation vectors", "[eigen][derivatives]") {
  // Central differences of functions of size 1 err by about h² and by eps / h.
  const double h = 1e-5, tolerance = 1e-9;
  const Eigen::Matrix3d g = bw::rotation_from_euler_zyz(10.0, 20.0, 30.0) + Eigen::Matrix3d::Constant(0.3);
  for (const auto turn : turns) {
    INFO((turn == bw::Turn::left ? "left" : "right"));
    for (int i = 0; i < 3; ++i) {
      const Eigen::Vector3d along = Eigen::Vector3d::Unit(i) + Eigen::Vector3d(0.2, -0.4, 0.1);
      const Eigen::Matrix3d dot = bw::turned_jvp(some_rotation, along, turn),
                            ahead = bw::turned(some_rotation, h * along, turn),
                            behind = bw::turned(some_rotation, -h * along, turn);
      CHECK((dot - (ahead - behind) / (2 * h)).norm() < tolerance);

      // The transpose, from the rows that a pose has.
      const auto transposed = [&](const auto& some) {
        const double left = some.cwiseProduct(dot.topRows<std::decay_t<decltype(some)>::RowsAtCompileTime>()).sum(),
                     right = bw::turned_vjp(some_rotation, some, turn).dot(along);
        CHECK(std::abs(left - right) <= 20 * eps * g.norm() * dot.norm());
      };
      transposed(Eigen::RowVector3d(g.topRows<1>()));
      transposed(Eigen::Matrix<double, 2, 3>(g.topRows<2>()));
      transposed(g);
    }
  }
  // As gauss_newton orders parameters: R row by row, t, and the scale.
  for (const auto turn : turns) {
    const Eigen::Matrix<double, 9, 6> jacobian = bw::pose_jacobian<2>(some_rotation, turn);
    const Eigen::Vector3d along(0.2, -0.4, 0.1);
    Eigen::Matrix<double, 6, 1> change;
    change << along, 5, 6, 7;
    const Eigen::Matrix<double, 9, 1> moved = jacobian * change;
    const Eigen::Matrix3d dot = bw::turned_jvp(some_rotation, along, turn);
    for (int e = 0; e < 2; ++e) CHECK((moved.segment<3>(3 * e) - dot.row(e).transpose()).norm() <= 10 * eps * along.norm());
    CHECK(moved.tail<3>() == Eigen::Vector3d(5, 6, 7));
  }
  // From a View of a pose's cotangent, as project_vjp writes it.
  const Kokkos::View<double* [2][3], Kokkos::HostSpace> bars("bars", 2);
  bw::as_eigen(Kokkos::subview(bars, 1, Kokkos::ALL, Kokkos::ALL)) = g.topRows<2>();
  CHECK(bw::turned_vjp(some_rotation, bw::as_eigen(Kokkos::subview(bars, 1, Kokkos::ALL, Kokkos::ALL)), bw::Turn::left) ==
        bw::turned_vjp(some_rotation, g.topRows<2>(), bw::Turn::left));
}

TEST_CASE("derivatives of rotations at any rotation vector", "[eigen][derivatives]") {
  const double h = 1e-5, tolerance = 1e-9;
  const Eigen::Matrix3d g = bw::rotation_from_euler_zyz(10.0, 20.0, 30.0) + Eigen::Matrix3d::Constant(0.3);
  for (const auto& omega : rotation_vectors()) {
    INFO(omega.transpose());
    const Eigen::Matrix3d jacobian = bw::rotation_jacobian(omega);
    for (int i = 0; i < 3; ++i) {
      const Eigen::Vector3d along = Eigen::Vector3d::Unit(i), by = jacobian * along;
      const Eigen::Matrix3d difference =
          (bw::rotation_from_vector(omega + h * along) - bw::rotation_from_vector(omega - h * along)) / (2 * h);
      CHECK((bw::cross_matrix(by) * bw::rotation_from_vector(omega) - difference).norm() < tolerance);
    }
    // As the documentation of turned_vjp composes them.
    for (const auto turn : turns) {
      const Eigen::Vector3d at = bw::turned_vjp(bw::turned(some_rotation, omega, turn), g, turn);
      const Eigen::Vector3d bar = turn == bw::Turn::left ? Eigen::Vector3d(jacobian.transpose() * at) : jacobian * at;
      for (int i = 0; i < 3; ++i) {
        const Eigen::Vector3d step = h * Eigen::Vector3d::Unit(i);
        const Eigen::Matrix3d ahead = bw::turned(some_rotation, omega + step, turn),
                              behind = bw::turned(some_rotation, omega - step, turn);
        CHECK(std::abs(bar[i] - g.cwiseProduct(ahead - behind).sum() / (2 * h)) < tolerance * g.norm());
      }
    }
  }
}

TEST_CASE("rotations and rotation vectors of other sizes are refused", "[eigen][bad_input]") {
  const Eigen::VectorXd two = Eigen::VectorXd::Zero(2), three = Eigen::VectorXd::Zero(3);
  const Eigen::MatrixXd square = Eigen::MatrixXd::Identity(3, 3), rows = Eigen::MatrixXd::Identity(2, 3),
                        wide = Eigen::MatrixXd::Identity(3, 4);
  const auto refused = [](const auto& call, const char* words) {
    CHECK_THROWS_MATCHES(call(), std::invalid_argument, Catch::Matchers::Message(words));
  };
  refused([&] { bw::cross_matrix(two); }, "cross_matrix: 'omega' is of 2 elements, expected 3");
  refused([&] { bw::rotation_from_vector(two); }, "rotation_from_vector: 'omega' is of 2 elements, expected 3");
  refused([&] { bw::rotation_jacobian(two); }, "rotation_jacobian: 'omega' is of 2 elements, expected 3");
  refused([&] { bw::turned(rows, three, bw::Turn::left); }, "turned: 'rotation' is of shape [2, 3], expected [3, 3]");
  refused([&] { bw::turned(square, two, bw::Turn::left); }, "turned: 'omega' is of 2 elements, expected 3");
  refused([&] { bw::turned_jvp(wide, three, bw::Turn::left); },
          "turned_jvp: 'rotation' is of shape [3, 4], expected [3, 3]");
  refused([&] { bw::turned_jvp(square, two, bw::Turn::right); }, "turned_jvp: 'omega' is of 2 elements, expected 3");
  refused([&] { bw::turned_vjp(rows, square, bw::Turn::left); },
          "turned_vjp: 'rotation' is of shape [2, 3], expected [3, 3]");
  refused([&] { bw::turned_vjp(square, wide, bw::Turn::left); },
          "turned_vjp: 'rotation_bar' is of shape [3, 4], expected up to 3 rows of 3 columns");
  CHECK(bw::turned_vjp(square, rows, bw::Turn::left).norm() == 0);
}
