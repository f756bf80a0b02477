# SPDX-License-Identifier: MIT
# Bracewell as a part of a project, whose Kokkos may be a part, too: what that installs is its own, unless it asks for Bracewell.
include("${CMAKE_CURRENT_LIST_DIR}/project.cmake")
set(own "share/consumer/main\\.cpp")
set(exported "share/consumer/ConsumerTargets(-[a-z]+)?\\.cmake" "include/bracewell/[a-z0-9_/]+\\.hpp"
    "share/cmake/Bracewell/Bracewell(Config|ConfigVersion|Targets)\\.cmake")
function(part name kokkos way expected)
  configure("${CMAKE_CURRENT_LIST_DIR}/consumer" "${FOLDER}/${name}" -DCONSUMER_WAY=${way} "-DCONSUMER_BRACEWELL_SOURCE=${SOURCE}"
            -DCONSUMER_KOKKOS=${kokkos} "-DCONSUMER_KOKKOS_DIR=${KOKKOS}" ${ARGN})
  expect_installed("${FOLDER}/${name}" "${FOLDER}/${name}-prefix" "${expected}")
endfunction()
part(package package FetchContent "${own}" "-DKokkos_DIR=${KOKKOS}")
part(before before add_subdirectory "${own}")
part(after after FetchContent "${own};${exported}" -DBRACEWELL_INSTALL=ON)
part(declared declared FetchContent "${own}")
part(package_and_part before find_package "${own}" "-DBracewell_DIR=${PACKAGE}")
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${FOLDER}/after" --target consumer COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" -E env OMP_PROC_BIND=false "${FOLDER}/after/consumer" COMMAND_ERROR_IS_FATAL ANY)

# The dependency provider in a project that is not Bracewell's own keeps what it gets in that one's build folder.
configure("${CMAKE_CURRENT_LIST_DIR}/consumer" "${FOLDER}/provider" "-DKokkos_DIR=${KOKKOS}"
          "-DCMAKE_PROJECT_TOP_LEVEL_INCLUDES=${SOURCE}/cmake/dependencies.cmake")
file(STRINGS "${FOLDER}/provider/CMakeCache.txt" line REGEX "^BRACEWELL_DEPENDENCIES:")
if(NOT line STREQUAL "BRACEWELL_DEPENDENCIES:PATH=${FOLDER}/provider/dependencies")
  message(FATAL_ERROR "the provider's folder: ${line}")
endif()

# Two of them, one unnoticed.
execute_process(COMMAND "${CMAKE_COMMAND}" -G "${GENERATOR}" -S "${CMAKE_CURRENT_LIST_DIR}/consumer" -B "${FOLDER}/two"
                        "-DCMAKE_CXX_COMPILER=${COMPILER}" -DCONSUMER_WAY=add_subdirectory "-DCONSUMER_BRACEWELL_SOURCE=${SOURCE}"
                        -DCONSUMER_KOKKOS=late "-DKokkos_DIR=${KOKKOS}" "-DCONSUMER_KOKKOS_DIR=${KOKKOS}"
                OUTPUT_QUIET ERROR_VARIABLE words)
string(REGEX REPLACE "[ \n]+" " " words "${words}")
if(NOT words MATCHES "Bracewell took the Kokkos installed in .*, but this build has its own: add that before Bracewell")
  message(FATAL_ERROR "a second Kokkos gave: ${words}")
endif()
