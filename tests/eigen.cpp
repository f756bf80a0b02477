// SPDX-License-Identifier: MIT
#include <bracewell/eigen.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>

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

TEST_CASE("rotations of quaternions", "[eigen]") {
  const Eigen::Quaterniond q(Eigen::AngleAxisd(0.7, Eigen::Vector3d(1, 2, 3).normalized()));
  const Eigen::Quaterniond longer(3 * q.w(), 3 * q.x(), 3 * q.y(), 3 * q.z());
  const Eigen::Vector3d v(0.3, -0.4, 0.5);
  CHECK((bw::rotation_from_quaternion(longer) * v - q * v).norm() < 1e-15);
}
