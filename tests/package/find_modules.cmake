# SPDX-License-Identifier: MIT
# The versions of Eigen and gemmi that the find modules take, in the forms in which they come: layouts of files that hold what
# the modules read.
include("${CMAKE_CURRENT_LIST_DIR}/project.cmake")
include(CMakePackageConfigHelpers)
file(WRITE "${FOLDER}/CMakeLists.txt" "cmake_minimum_required(VERSION 3.22)
project(Finder LANGUAGES NONE)
set(CMAKE_FIND_LIBRARY_PREFIXES lib)
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
set(CMAKE_MODULE_PATH \"${SOURCE}/cmake\")
find_package(\${NAME} \${WANTED} QUIET)
get_target_property(includes \${TARGET} INTERFACE_INCLUDE_DIRECTORIES)
message(STATUS \"found \${\${NAME}_FOUND} \${\${NAME}_VERSION}, \${includes}\")
")

# Looks for a package among the files that were written to FOLDER/prefix; `expected` is a regular expression of what was found.
function(expect name wanted target expected)
  execute_process(COMMAND "${CMAKE_COMMAND}" -S "${FOLDER}" -B "${FOLDER}/build" -DNAME=${name} -DWANTED=${wanted} -DTARGET=${target}
                          "-DCMAKE_PREFIX_PATH=${FOLDER}/prefix" -DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF
                  OUTPUT_VARIABLE words ERROR_VARIABLE words)
  if(NOT words MATCHES "-- found ${expected}")
    file(GLOB_RECURSE files RELATIVE "${FOLDER}/prefix" "${FOLDER}/prefix/*")
    message(FATAL_ERROR "${name} in ${files}: expected ${expected}, got: ${words}")
  endif()
  file(REMOVE_RECURSE "${FOLDER}/prefix" "${FOLDER}/build")
endfunction()

function(write file)
  list(JOIN ARGN "\n" text)
  file(WRITE "${FOLDER}/prefix/${file}" "${text}\n")
endfunction()

function(write_package name version target compatibility)
  write(lib/cmake/${name}/${name}Config.cmake "add_library(${target} INTERFACE IMPORTED)"
        "target_include_directories(${target} INTERFACE /of/the/package)")
  write_basic_package_version_file("${FOLDER}/prefix/lib/cmake/${name}/${name}ConfigVersion.cmake" VERSION ${version}
                                   COMPATIBILITY ${compatibility} ARCH_INDEPENDENT)
endfunction()

foreach(case "3.4.0:TRUE 3.4.0, /of" "5.0.1:TRUE 5.0.1, /of" "3.3.9:FALSE")
  string(REPLACE ":" ";" case "${case}")
  list(POP_FRONT case version expected)
  write_package(Eigen3 ${version} Eigen3::Eigen SameMajorVersion)
  expect(Eigen3 3.4 Eigen3::Eigen "${expected}")
endforeach()
foreach(case "4:TRUE 3.4.1, .*/include/eigen3" "3:FALSE")
  string(REPLACE ":" ";" case "${case}")
  list(POP_FRONT case major expected)
  write(include/eigen3/Eigen/Core)
  write(include/eigen3/Eigen/src/Core/util/Macros.h
        "#define EIGEN_WORLD_VERSION 3" "#define EIGEN_MAJOR_VERSION ${major}" "#define EIGEN_MINOR_VERSION 1")
  expect(Eigen3 3.4 Eigen3::Eigen "${expected}")
endforeach()
write(include/Eigen/Core)
write(include/Eigen/src/Core/util/Macros.h)
write(include/Eigen/Version "#define EIGEN_WORLD_VERSION 3" "#define EIGEN_MAJOR_VERSION 5" "#define EIGEN_MINOR_VERSION 0"
      "#define EIGEN_PATCH_VERSION 1" "#define EIGEN_VERSION_STRING \"5.0.1\"")
expect(Eigen3 3.4 Eigen3::Eigen "TRUE 5.0.1, .*/include")

function(write_gemmi version pegtl)
  write(include/zlib.h "#define ZLIB_VERSION \"1.2.13\"")
  write(lib/libz.a)
  write(include/gemmi/ccp4.hpp)
  write(include/gemmi/version.hpp "#define GEMMI_VERSION \"${version}\"")
  write(include/${pegtl}/tao/pegtl.hpp)
endfunction()
write_gemmi(0.5.7 .)
expect(gemmi 0.5 gemmi::gemmi_cpp "TRUE 0.5.7, .*/include.*/include")
write_gemmi(0.5.8 gemmi/third_party)
expect(gemmi 0.5 gemmi::gemmi_cpp "TRUE 0.5.8, .*/include.*/include/gemmi/third_party")
write_gemmi(0.7.5 gemmi/third_party)
expect(gemmi 0.5 gemmi::gemmi_cpp "FALSE")
write_gemmi(0.7.5 gemmi/third_party)
write(lib/libgemmi_cpp.a)
expect(gemmi 0.5 gemmi::gemmi_cpp "TRUE 0.7.5, .*/include")
write_gemmi(0.7.5 gemmi/third_party)
write_package(gemmi 0.7.5 gemmi::gemmi_cpp AnyNewerVersion)
expect(gemmi 0.5 gemmi::gemmi_cpp "TRUE 0.7.5, /of")
