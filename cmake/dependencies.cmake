# SPDX-License-Identifier: MIT
# A dependency provider (CMAKE_PROJECT_TOP_LEVEL_INCLUDES, set by the presets): lets plain find_package calls succeed on a
# machine where nothing was installed. For a package that is required and missing it tries, in order, what is installed, the
# upstream release, and Debian's packages or PyPI through their clients. What it gets is kept in BRACEWELL_DEPENDENCIES, so that
# later configures need no network. Nothing is installed outside that folder.
#
# Another project may name this file, too: then find_package(Bracewell) takes this source tree, and Kokkos is provided, nothing
# else.

cmake_minimum_required(VERSION 3.24)

set(BRACEWELL_CMAKE "${CMAKE_CURRENT_LIST_DIR}")
cmake_path(GET BRACEWELL_CMAKE PARENT_PATH bracewell_source)
if(CMAKE_SOURCE_DIR STREQUAL bracewell_source OR CMAKE_SOURCE_DIR STREQUAL "${bracewell_source}/examples")
  set(bracewell_folder "${bracewell_source}/build/dependencies")
  list(APPEND CMAKE_MODULE_PATH "${BRACEWELL_CMAKE}")
  include("${BRACEWELL_CMAKE}/packages.cmake")
else()
  set(bracewell_folder "${CMAKE_BINARY_DIR}/dependencies")
  include(FetchContent)
  FetchContent_Declare(Bracewell SOURCE_DIR "${bracewell_source}" OVERRIDE_FIND_PACKAGE)
endif()

set(BRACEWELL_DEPENDENCIES "${bracewell_folder}" CACHE PATH "Where packages that had to be fetched are kept")
set(BRACEWELL_KOKKOS_OPTIONS ""
    CACHE STRING "Options of a Kokkos to be built for this tree; empty: an installed one, or one with OpenMP and Serial")
set(BRACEWELL_UPSTREAM ON CACHE BOOL "Try to download upstream releases of missing packages")

# <package>_upstream, _sha256: upstream release.  _options: to configure it with.  _debian: packages to unpack, _suite where they are
# in a suite of that suffix only.  _pypi, _pypi_sha256, _pypi_folder: a source distribution that carries the package.
set(Kokkos_upstream "https://github.com/kokkos/kokkos/releases/download/4.5.01/kokkos-4.5.01.tar.gz")
set(Kokkos_sha256 52d003ffbbe05f30c89966e4009c017efb1662b02b2b73190670d3418719564c)
set(Kokkos_pypi "pycompadre==1.7.6")
set(Kokkos_pypi_sha256 c766ec4d445ce076069be4b8c51a23ffac4ee79ea949ca86446bfd8c299b154c)
set(Kokkos_pypi_folder kokkos)
set(pip_debian python3-pip-whl)

include("${BRACEWELL_CMAKE}/obtain.cmake")

# A macro, since what find_package defines belongs to its caller; variables bear the package's name, since calls nest.
macro(bracewell_provide method package)
  set(bracewell_arguments_${package} ${ARGN})
  if("REQUIRED" IN_LIST bracewell_arguments_${package} AND (DEFINED ${package}_upstream OR DEFINED ${package}_debian))
    list(REMOVE_ITEM bracewell_arguments_${package} REQUIRED)
    bracewell_folder(${package} bracewell_prefix_${package})
    bracewell_forget_other(${package} "${bracewell_prefix_${package}}")
    if(NOT (${package} STREQUAL "Kokkos" AND BRACEWELL_KOKKOS_OPTIONS) OR Kokkos_ROOT)
      find_package(${package} ${bracewell_arguments_${package}} QUIET BYPASS_PROVIDER)
    endif()
    if(NOT ${package}_FOUND)
      bracewell_obtain(${package} "${bracewell_prefix_${package}}" bracewell_problem_${package})
      if(bracewell_problem_${package})
        set(${package}_FOUND TRUE)  # or CMake's own message would follow
        message(FATAL_ERROR "${bracewell_problem_${package}}")
      endif()
      unset(${package}_DIR CACHE)  # of another one
      list(PREPEND CMAKE_PREFIX_PATH "${bracewell_prefix_${package}}" "${bracewell_prefix_${package}}/usr")
      set(${package}_ROOT "${bracewell_prefix_${package}}" "${bracewell_prefix_${package}}/usr")
      find_package(${package} ${ARGN} BYPASS_PROVIDER)
    endif()
  else()
    find_package(${package} ${ARGN} BYPASS_PROVIDER)
  endif()
endmacro()

cmake_language(SET_DEPENDENCY_PROVIDER bracewell_provide SUPPORTED_METHODS FIND_PACKAGE)
