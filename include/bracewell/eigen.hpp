// SPDX-License-Identifier: MIT
/// \file eigen.hpp
/// Eigen at the host's edge: Views of its objects and Maps of Views, without copies; rotations and rotation vectors. Needs
/// Eigen 3.4.
///
/// std::complex and Kokkos::complex have one layout: objects of the one appear as Views of the other.
#pragma once

#include <bracewell/detail/arguments/refuse.hpp>

#include <Eigen/Core>
#include <Eigen/Geometry>
#include <Kokkos_Core.hpp>

#include <cmath>
#include <complex>
#include <string>
#include <type_traits>
#include <vector>

#include <bracewell/detail/prologue.hpp>

namespace bracewell {

namespace detail {

template <class S>
struct KokkosScalar {
  using type = S;
};
template <class T>
struct KokkosScalar<std::complex<T>> {
  using type = Kokkos::complex<T>;
};
template <class S>
struct EigenScalar {
  using type = S;
};
template <class T>
struct EigenScalar<Kokkos::complex<T>> {
  using type = std::complex<T>;
};

/// Checks the shape of an argument, when compiling where it is known then: a vector of 3, or a matrix of 3 columns and 3, or up to
/// 3, rows.
template <class Derived>
void check_vector_of_3(const char* function, const char* argument, const Eigen::DenseBase<Derived>& v) {
  static_assert(Derived::SizeAtCompileTime == Eigen::Dynamic || Derived::SizeAtCompileTime == 3,
                "bracewell: rotation vectors must have 3 elements");
  if (v.size() != 3) refuse(function, argument, "of " + std::to_string(v.size()) + " elements", "3");
}
template <class Derived>
void check_rows_of_3(const char* function, const char* argument, const Eigen::DenseBase<Derived>& m, bool all) {
  static_assert(
      (Derived::ColsAtCompileTime == Eigen::Dynamic || Derived::ColsAtCompileTime == 3) && Derived::RowsAtCompileTime <= 3,
      "bracewell: rotations must have 3 columns, and 3 rows");
  if (m.cols() != 3 || m.rows() > 3 || (all && m.rows() != 3))
    refuse(function, argument, "of shape [" + std::to_string(m.rows()) + ", " + std::to_string(m.cols()) + "]",
           all ? "[3, 3]" : "up to 3 rows of 3 columns");
}

template <class Data>
using HostView = Kokkos::View<Data, Kokkos::LayoutStride, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;

}  // namespace detail

/// A View of an Eigen vector, [n], or matrix, [rows][cols], or of a Map, Ref or block of one. It must not outlive the
/// object.
template <class Object>
requires std::is_base_of_v<Eigen::DenseBase<std::decay_t<Object>>, std::decay_t<Object>>
auto as_view(Object&& object) {
  using E = std::decay_t<Object>;
  static_assert(std::is_lvalue_reference_v<Object> || !std::is_base_of_v<Eigen::PlainObjectBase<E>, E>,
                "as_view: the object is a temporary, a View of it would dangle");
  using Scalar = typename detail::KokkosScalar<typename E::Scalar>::type;
  using Element = std::conditional_t<std::is_const_v<std::remove_pointer_t<decltype(object.data())>>, const Scalar, Scalar>;
  Element* data = reinterpret_cast<Element*>(object.data());
  if constexpr (E::IsVectorAtCompileTime) {
    return detail::HostView<Element*>(data,
                                      Kokkos::LayoutStride(std::size_t(object.size()), std::size_t(object.innerStride())));
  } else {
    return detail::HostView<Element**>(
        data, Kokkos::LayoutStride(std::size_t(object.rows()), std::size_t(object.rowStride()), std::size_t(object.cols()),
                                   std::size_t(object.colStride())));
  }
}

/// An Eigen Map of a host View of rank 1, as a column vector, or of rank 2.
template <class View>
auto as_eigen(const View& view) {
  static_assert(Kokkos::is_view_v<View> && (View::rank() == 1 || View::rank() == 2),
                "as_eigen: 'view' must be a View of rank 1 or 2");
  static_assert(Kokkos::SpaceAccessibility<Kokkos::HostSpace, typename View::memory_space>::accessible,
                "as_eigen: 'view' must be in host memory");
  using Scalar = typename detail::EigenScalar<typename View::non_const_value_type>::type;
  using Stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  constexpr bool is_const = std::is_const_v<typename View::value_type>;
  constexpr int cols = View::rank() == 1 ? 1 : Eigen::Dynamic;
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, cols>;
  using Element = std::conditional_t<is_const, const Scalar, Scalar>;
  const Stride stride(Eigen::Index(View::rank() == 1 ? view.extent(0) : view.stride(View::rank() - 1)),
                      Eigen::Index(view.stride(0)));
  return Eigen::Map<std::conditional_t<is_const, const Matrix, Matrix>, 0, Stride>(
      reinterpret_cast<Element*>(view.data()), Eigen::Index(view.extent(0)),
      Eigen::Index(View::rank() == 1 ? 1 : view.extent(View::rank() - 1)), stride);
}

/// The first M rows of each matrix as rotations [P][M][N] for Poses: a slice of M axes needs no more of a full rotation.
/// It must not outlive the matrices.
template <int M, class Scalar, int Rows, int N, int Options, class Allocator>
auto rotation_view(const std::vector<Eigen::Matrix<Scalar, Rows, N, Options>, Allocator>& matrices) {
  static_assert(Rows > 0 && N > 0 && 1 <= M && M <= Rows,
                "rotation_view: matrices must have fixed sizes and at least M rows");
  constexpr std::size_t each = sizeof(matrices[0]) / sizeof(Scalar);
  constexpr bool row_major = (Options & Eigen::RowMajor) != 0;
  return detail::HostView<const Scalar* [M][N]>(
      matrices.empty() ? nullptr : matrices.front().data(),
      Kokkos::LayoutStride(matrices.size(), each, M, row_major ? N : 1, N, row_major ? 1 : Rows));
}

/// Vectors as shifts [P][M], or as points. It must not outlive them.
template <class Scalar, int M, int Options, class Allocator>
auto vector_view(const std::vector<Eigen::Matrix<Scalar, M, 1, Options>, Allocator>& vectors) {
  static_assert(M > 0, "vector_view: vectors must have fixed sizes");
  constexpr std::size_t each = sizeof(vectors[0]) / sizeof(Scalar);
  return detail::HostView<const Scalar* [M]>(vectors.empty() ? nullptr : vectors.front().data(),
                                             Kokkos::LayoutStride(vectors.size(), each, M, 1));
}

template <int M, class Scalar, int Rows, int N, int Options, class Allocator>
void rotation_view(std::vector<Eigen::Matrix<Scalar, Rows, N, Options>, Allocator>&&) {
  static_assert(sizeof(Scalar) == 0, "rotation_view: the matrices are a temporary, a View of them would dangle");
}
template <class Scalar, int M, int Options, class Allocator>
void vector_view(std::vector<Eigen::Matrix<Scalar, M, 1, Options>, Allocator>&&) {
  static_assert(sizeof(Scalar) == 0, "vector_view: the vectors are a temporary, a View of them would dangle");
}

/// The rotation of RELION's rlnAngleRot, rlnAngleTilt, rlnAnglePsi, in degrees: R = R_z(−psi) R_y(−tilt) R_z(−rot) of active
/// rotations, which is RELION's Euler_angles2matrix. image = R · object, and its first two rows cut the slice.
template <class Real = double>
auto rotation_from_euler_zyz(Real rot, Real tilt, Real psi) {
  using Scalar = std::conditional_t<std::is_floating_point_v<Real>, Real, double>;  // whole degrees, too
  using Axis = Eigen::AngleAxis<Scalar>;
  using Vector = Eigen::Matrix<Scalar, 3, 1>;
  const Scalar radians = Scalar(EIGEN_PI) / 180;
  return (Axis(-Scalar(psi) * radians, Vector::UnitZ()) * Axis(-Scalar(tilt) * radians, Vector::UnitY()) *
          Axis(-Scalar(rot) * radians, Vector::UnitZ()))
      .toRotationMatrix();
}

/// The rotation of a quaternion of any length but zero: image = q · object · q⁻¹.
template <class Scalar>
Eigen::Matrix<Scalar, 3, 3> rotation_from_quaternion(const Eigen::Quaternion<Scalar>& q) {
  return q.normalized().toRotationMatrix();
}

/// [ω]×, for which [ω]× v = ω × v.
template <class Derived>
Eigen::Matrix<typename Derived::Scalar, 3, 3> cross_matrix(const Eigen::MatrixBase<Derived>& omega) {
  detail::check_vector_of_3("cross_matrix", "omega", omega);
  Eigen::Matrix<typename Derived::Scalar, 3, 3> m;
  m << 0, -omega[2], omega[1],  //
      omega[2], 0, -omega[0],   //
      -omega[1], omega[0], 0;
  return m;
}

/// exp([ω]×): the rotation by |ω| radians about ω (B. O. Rodrigues, J. Math. Pures Appl. 5, 380 (1840)).
template <class Derived>
Eigen::Matrix<typename Derived::Scalar, 3, 3> rotation_from_vector(const Eigen::MatrixBase<Derived>& omega) {
  detail::check_vector_of_3("rotation_from_vector", "omega", omega);
  using Scalar = typename Derived::Scalar;
  const Scalar angle = omega.norm();
  if (angle == 0) return Eigen::Matrix<Scalar, 3, 3>::Identity();
  return Eigen::AngleAxis<Scalar>(angle, omega / angle).toRotationMatrix();
}

/// J(ω) of exp([ω + dω]×) = exp([J(ω) dω]×) exp([ω]×) + O(dω²). With θ = |ω| and u = ω / θ,
///
///     J(ω) = sin θ/θ + (1 − sin θ/θ) u uᵀ + (1 − cos θ)/θ [u]×,   J(0) = 1
///
/// (J. Solà, J. Deray, D. Atchuthan, arXiv:1812.01537, eq. 145). On the other side it is exp([ω]×) exp([J(ω)ᵀ dω]×).
template <class Derived>
Eigen::Matrix<typename Derived::Scalar, 3, 3> rotation_jacobian(const Eigen::MatrixBase<Derived>& omega) {
  detail::check_vector_of_3("rotation_jacobian", "omega", omega);
  using std::sin;
  using Scalar = typename Derived::Scalar;
  using Matrix = Eigen::Matrix<Scalar, 3, 3>;
  const Scalar angle = omega.norm();
  if (angle == 0) return Matrix::Identity();
  const Eigen::Matrix<Scalar, 3, 1> axis = omega / angle;
  const Scalar sinc = sin(angle) / angle, half = sin(angle / 2);
  return sinc * Matrix::Identity() + (1 - sinc) * axis * axis.transpose() + 2 * half * (half / angle) * cross_matrix(axis);
}

/// Where a rotation vector turns a rotation R: `left`, exp([ω]×) R, about axes of the image; `right`, R exp([ω]×), about
/// axes of the object.
enum class Turn { left, right };

/// exp([ω]×) R or R exp([ω]×).
template <class Matrix, class Vector>
Eigen::Matrix<typename Matrix::Scalar, 3, 3> turned(const Eigen::MatrixBase<Matrix>& rotation,
                                                    const Eigen::MatrixBase<Vector>& omega, Turn turn) {
  detail::check_rows_of_3("turned", "rotation", rotation, true);
  detail::check_vector_of_3("turned", "omega", omega);
  if (turn == Turn::left) return rotation_from_vector(omega) * rotation;
  return rotation * rotation_from_vector(omega);
}

/// The tangent of `turned` at ω = 0 along ω: [ω]× R or R [ω]×. Its first M rows are the tangent of a pose of M rows.
template <class Matrix, class Vector>
Eigen::Matrix<typename Matrix::Scalar, 3, 3> turned_jvp(const Eigen::MatrixBase<Matrix>& rotation,
                                                        const Eigen::MatrixBase<Vector>& omega, Turn turn) {
  detail::check_rows_of_3("turned_jvp", "rotation", rotation, true);
  detail::check_vector_of_3("turned_jvp", "omega", omega);
  if (turn == Turn::left) return cross_matrix(omega) * rotation;
  return rotation * cross_matrix(omega);
}

/// dL/dω of `turned` at ω = 0, from G = dL/dR, of which the first M rows are given and the others 0:
///
///     right: v = Σ_e G_e· × R_e· over the rows,   left: R v.
///
/// For L as a function of ω elsewhere: J(ω)ᵀ times what `left` returns at exp([ω]×) R, and J(ω) times what `right` returns
/// at R exp([ω]×).
template <class Matrix, class Bar>
Eigen::Matrix<typename Matrix::Scalar, 3, 1> turned_vjp(const Eigen::MatrixBase<Matrix>& rotation,
                                                        const Eigen::MatrixBase<Bar>& rotation_bar, Turn turn) {
  using Vector = Eigen::Matrix<typename Matrix::Scalar, 3, 1>;
  detail::check_rows_of_3("turned_vjp", "rotation", rotation, true);
  detail::check_rows_of_3("turned_vjp", "rotation_bar", rotation_bar, false);
  Vector v = Vector::Zero();
  for (int e = 0; e < int(rotation_bar.rows()); ++e)
    v += Vector(rotation_bar(e, 0), rotation_bar(e, 1), rotation_bar(e, 2)).cross(Vector(rotation.row(e)));
  if (turn == Turn::left) return rotation * v;
  return v;
}

/// ∂θ/∂q of θ = (R row by row, t, s), the parameters of gauss_newton.hpp, in q = (ω, t, s), where `turned` turns a rotation by ω
/// from 0 and R is its first M rows.
template <int M, class Matrix>
Eigen::Matrix<typename Matrix::Scalar, 4 * M + 1, 4 + M> pose_jacobian(const Eigen::MatrixBase<Matrix>& rotation,
                                                                       Turn turn) {
  using Scalar = typename Matrix::Scalar;
  Eigen::Matrix<Scalar, 4 * M + 1, 4 + M> jacobian = Eigen::Matrix<Scalar, 4 * M + 1, 4 + M>::Zero();
  for (int i = 0; i < 3; ++i) {
    const Eigen::Matrix<Scalar, 3, 3> tangent = turned_jvp(rotation, Eigen::Matrix<Scalar, 3, 1>::Unit(i), turn);
    for (int e = 0; e < M; ++e) jacobian.col(i).template segment<3>(3 * e) = tangent.row(e).transpose();
  }
  jacobian.template bottomRightCorner<M + 1, M + 1>().setIdentity();
  return jacobian;
}

}  // namespace bracewell

#include <bracewell/detail/epilogue.hpp>
