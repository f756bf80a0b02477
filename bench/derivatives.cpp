// SPDX-License-Identifier: MIT
// Derivatives of project in both modes, with regard to each argument and to all; forward and backward together as training
// runs them; both modes of backproject with regard to all; and what Gauss and Newton's method needs of images, in one pass and by
// these derivatives.
#include "measure.hpp"

#include <bracewell/backproject.hpp>
#include <bracewell/gauss_newton.hpp>
#include <bracewell/project.hpp>
#include <bracewell/workspace.hpp>

namespace bw = bracewell;
using namespace bench;

namespace {

using T = float;
using Inputs = Problem<T, 3, 2>;

struct Names {
  Settings settings;
  int box;
  std::string kernel;
};

/// Adds a benchmark of make(exec, inputs), which returns the call to time.
template <class Make>
void add_derivative(const Names& names, const std::string& operation, const Make& make) {
  for (const int threads : thread_counts(names.settings)) {
    const std::string name =
        case_name(operation, 3, 2, precision_name<T>, names.kernel, names.box) + "/shifts:1/" + execution_name(threads);
    add(name, [=](benchmark::State& state) {
      const auto& inputs = problem<T, 3, 2>(names.settings, names.box, names.kernel);
      const Exec exec = make_exec(threads);
      measure(state, exec, inputs.samples, inputs.poses, make(exec, inputs, name));
    });
  }
}

/// Tangents are the inputs themselves: the cost is that of any.
template <class Kernel>
void add_jvp(const Names& names, const Kernel& phi) {
  const auto add_for = [&](const std::string& argument, auto reference, auto rotations, auto shifts) {
    add_derivative(names, "project_jvp_" + argument, [=](const Exec& exec, const Inputs& in, const std::string&) {
      const Inputs::Slices slices_dot("bench::slices_dot", in.slices.layout());
      const auto given = [](auto wanted, const auto& tangent) {
        if constexpr (wanted) {
          return tangent;
        } else {
          return bw::none;
        }
      };
      const bw::Poses poses{in.rotations, in.shifts};
      const bw::Poses poses_dot{given(rotations, in.rotations), given(shifts, in.shifts)};
      return [=, &in] {
        bw::project_jvp(exec, in.reference, given(reference, in.reference), poses, poses_dot, slices_dot, {}, phi);
      };
    });
  };
  constexpr std::true_type yes;
  constexpr std::false_type no;
  add_for("reference", yes, no, no);
  add_for("rotations", no, yes, no);
  add_for("shifts", no, no, yes);
  add_for("all", yes, yes, yes);
}

/// With Forward, project runs before it in the same call.
template <bool Forward, class Kernel, class R, class Q, class S>
void add_vjp_for(const Names& names, const std::string& operation, const Kernel& phi, R reference, Q rotations, S shifts) {
  add_derivative(names, operation,
                 [=, settings = names.settings](const Exec& exec, const Inputs& in, const std::string& name) {
                   const auto output = [](auto wanted, const auto& like) {
                     if constexpr (wanted) {
                       return std::decay_t<decltype(like)>("bench::bar", like.layout());
                     } else {
                       return bw::none;
                     }
                   };
                   const auto reference_bar = output(reference, in.reference);
                   const bw::Poses poses{in.rotations, in.shifts};
                   const bw::Poses poses_bar{output(rotations, in.rotations), output(shifts, in.shifts)};
                   const auto slices = output(std::bool_constant<Forward>(), in.slices);
                   const auto workspace = std::make_shared<bw::Workspace>();
                   const auto call = [=, &in] {
                     if constexpr (Forward) bw::project(exec, in.reference, poses, slices, {}, phi);
                     bw::project_vjp(exec, in.reference, poses, in.slices, reference_bar, poses_bar,
                                     {.workspace = workspace.get()}, phi);
                   };
                   if constexpr (Forward)
                     if (!settings.outputs.empty()) {
                       call();
                       exec.fence();
                       if constexpr (reference) keep(settings, name, "reference_bar", reference_bar);
                       keep(settings, name, "rotations_bar", poses_bar.rotations);
                       keep(settings, name, "shifts_bar", poses_bar.shifts);
                     }
                   return call;
                 });
}

template <class Kernel>
void add_vjp(const Names& names, const Kernel& phi) {
  constexpr std::true_type yes;
  constexpr std::false_type no;
  add_vjp_for<false>(names, "project_vjp_reference", phi, yes, no, no);
  add_vjp_for<false>(names, "project_vjp_rotations", phi, no, yes, no);
  add_vjp_for<false>(names, "project_vjp_shifts", phi, no, no, yes);
  add_vjp_for<false>(names, "project_vjp_all", phi, yes, yes, yes);
  add_vjp_for<true>(names, "project_and_vjp_all", phi, yes, yes, yes);
  add_vjp_for<true>(names, "project_and_vjp_poses", phi, no, yes, yes);
}

/// Loss, gradient and matrix; the slices that they are made of, and their derivatives in a rotation vector and in shifts, without
/// the sums over them; loss and gradient, which compares with project_and_vjp_poses.
template <class Kernel>
void add_gauss_newton(const Names& names, const Kernel& phi) {
  const auto add_pass = [&](const std::string& operation, auto with_matrix) {
    add_derivative(names, operation, [=](const Exec& exec, const Inputs& in, const std::string&) {
      const bw::Poses poses{in.rotations, in.shifts};
      const bw::Poses poses_bar{Dense<double, 3>("bench::rotations_bar", in.rotations.layout()),
                                Dense<double, 2>("bench::shifts_bar", in.shifts.layout())};
      const Dense<double, 1> loss("bench::loss", in.poses);
      const Dense<double, 3> matrix("bench::matrix", in.poses, 9, 9);
      const auto workspace = std::make_shared<bw::Workspace>();
      return [=, &in] {
        const auto call = [&](const auto& to) {
          bw::gauss_newton(exec, in.reference, poses, bw::Observed{in.slices}, loss, poses_bar, bw::none, to,
                           {.workspace = workspace.get()}, phi);
        };
        if constexpr (with_matrix) {
          call(matrix);
        } else {
          call(bw::none);
        }
      };
    });
  };
  add_pass("gauss_newton", std::true_type());
  add_derivative(names, "project_and_5_jvp", [=](const Exec& exec, const Inputs& in, const std::string&) {
    const bw::Poses poses{in.rotations, in.shifts};
    const Inputs::Slices slices("bench::slices", in.slices.layout());
    std::array<Inputs::Slices, 5> dot;
    for (auto& slices_dot : dot) slices_dot = Inputs::Slices("bench::slices_dot", in.slices.layout());
    return [=, &in] {
      bw::project(exec, in.reference, poses, slices, {}, phi);
      for (int i = 0; i < 3; ++i)
        bw::project_jvp(exec, in.reference, bw::none, poses, bw::Poses{in.rotations}, dot[i], {}, phi);
      for (int i = 3; i < 5; ++i)
        bw::project_jvp(exec, in.reference, bw::none, poses, bw::Poses{bw::none, in.shifts}, dot[i], {}, phi);
    };
  });
  add_pass("gauss_newton_gradient", std::false_type());
}

/// With regard to slices, weights, rotations and shifts.
template <class Kernel>
void add_backproject(const Names& names, const Kernel& phi) {
  add_derivative(names, "backproject_jvp_all", [=](const Exec& exec, const Inputs& in, const std::string&) {
    const Inputs::Reference data_dot("bench::data_dot", in.reference.layout());
    const Inputs::Density density_dot("bench::density_dot", in.reference.layout());
    const bw::Poses poses{in.rotations, in.shifts};
    return [=, &in] {
      bw::backproject_jvp(exec, in.slices, in.slices, in.weights, in.weights, poses, poses, data_dot, density_dot, {}, phi);
    };
  });
  add_derivative(names, "backproject_vjp_all", [=](const Exec& exec, const Inputs& in, const std::string&) {
    const Inputs::Density density_bar("bench::density_bar", in.reference.layout());
    Kokkos::deep_copy(density_bar, T(0.5));
    const Inputs::Slices slices_bar("bench::slices_bar", in.slices.layout());
    const Inputs::Weights weights_bar("bench::weights_bar", in.weights.layout());
    const bw::Poses poses{in.rotations, in.shifts};
    const bw::Poses poses_bar{Dense<double, 3>("bench::rotations_bar", in.rotations.layout()),
                              Dense<double, 2>("bench::shifts_bar", in.shifts.layout())};
    const auto workspace = std::make_shared<bw::Workspace>();
    return [=, &in] {
      bw::backproject_vjp(exec, in.slices, in.weights, poses, in.reference, density_bar, slices_bar, weights_bar, poses_bar,
                          {.workspace = workspace.get()}, phi);
    };
  });
}

}  // namespace

void bench::register_derivatives(const Settings& settings) {
  const auto add_all = [&](const Names& names, const auto& phi) {
    add_jvp(names, phi);
    add_vjp(names, phi);
    add_gauss_newton(names, phi);
    add_backproject(names, phi);
  };
  for (const int box : settings.boxes) {
    add_all({settings, box, "linear"}, bw::Linear{});
    add_all({settings, box, "cubic"}, bw::Cubic{});
  }
}
