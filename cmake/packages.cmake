# SPDX-License-Identifier: MIT
# What the dependency provider gets for this project's own programs, in the variables that dependencies.cmake names.

set(Eigen3_upstream "https://gitlab.com/libeigen/eigen/-/archive/3.4.0/eigen-3.4.0.tar.gz")
set(Eigen3_sha256 8586084f71f9bde545ee7fa6d00288b264a2b7ac3607b974e54d13e7162c1c72)
set(Eigen3_options -DEIGEN_BUILD_DOC=OFF -DBUILD_TESTING=OFF)
set(Eigen3_debian libeigen3-dev)

set(Catch2_upstream "https://github.com/catchorg/Catch2/archive/refs/tags/v3.7.1.tar.gz")
set(Catch2_sha256 c991b247a1a0d7bb9c39aa35faf0fe9e19764213f28ffba3109388e62ee0269c)
set(Catch2_options -DBUILD_TESTING=OFF)
set(Catch2_debian libcatch2-dev)
set(Catch2_suite backports)

set(benchmark_upstream "https://github.com/google/benchmark/archive/refs/tags/v1.7.1.tar.gz")
set(benchmark_sha256 6430e4092653380d9dc4ccb45a1e2dc9259d581f4866dc0759713126056bc1d7)
set(benchmark_options -DBENCHMARK_ENABLE_TESTING=OFF)
set(benchmark_debian libbenchmark-dev libbenchmark1debian)

set(nlohmann_json_upstream "https://github.com/nlohmann/json/archive/refs/tags/v3.11.2.tar.gz")
set(nlohmann_json_sha256 d69f9deb6a75e2580465c6c4c5111b89c4dc2fa94e3a85fcd2ffcd9a143d9273)
set(nlohmann_json_options -DJSON_BuildTests=OFF)
set(nlohmann_json_debian nlohmann-json3-dev)

set(CLI11_upstream "https://github.com/CLIUtils/CLI11/archive/refs/tags/v2.3.2.tar.gz")
set(CLI11_sha256 aac0ab42108131ac5d3344a9db0fdf25c4db652296641955720a4fbe52334e22)
set(CLI11_options -DCLI11_BUILD_TESTS=OFF -DCLI11_BUILD_EXAMPLES=OFF)
set(CLI11_debian libcli11-dev)

set(FFTW3_upstream "https://www.fftw.org/fftw-3.3.10.tar.gz")
set(FFTW3_sha256 56c932549852cddcfafdab3820b0200c7742675be92179e59e6215b340e26467)
set(FFTW3_options -DBUILD_TESTS=OFF -DENABLE_SSE2=ON -DENABLE_AVX2=ON -DCMAKE_POSITION_INDEPENDENT_CODE=ON)
set(FFTW3_debian libfftw3-dev libfftw3-double3)

set(FFTW3f_upstream "${FFTW3_upstream}")
set(FFTW3f_sha256 ${FFTW3_sha256})
set(FFTW3f_options ${FFTW3_options} -DENABLE_FLOAT=ON)
set(FFTW3f_debian libfftw3-dev libfftw3-single3)

set(gemmi_upstream "https://github.com/project-gemmi/gemmi/archive/refs/tags/v0.5.6.tar.gz")
set(gemmi_sha256 56b9534cecb4b2df42cfc5d65d79e23bce700a452cc5cb4f2c31e9115e31c7c4)
set(gemmi_headers include third_party)
set(gemmi_debian gemmi-dev tao-pegtl-dev)

set(ZLIB_upstream "https://github.com/madler/zlib/releases/download/v1.3.1/zlib-1.3.1.tar.gz")
set(ZLIB_sha256 9a93b2b7dfdac77ceba5a558a580e74667dd6fede4585b91eefb60f03b72df23)
set(ZLIB_debian zlib1g-dev zlib1g)

set(Cairo_debian libcairo2-dev libcairo2)  # no release of it builds with CMake
