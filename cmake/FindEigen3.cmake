# SPDX-License-Identifier: MIT
# Eigen3::Eigen of the wanted version or any later one: with a package, whose version file lets no request for 3.4 have Eigen 5,
# or headers alone.
if(TARGET Eigen3::Eigen AND NOT Eigen3_DIR)  # of the same build
  set(Eigen3_FOUND TRUE)
  return()
endif()
foreach(series "${Eigen3_FIND_VERSION}" 5 6)
  if(NOT Eigen3_FOUND)
    find_package(Eigen3 ${series} CONFIG QUIET)
  endif()
endforeach()
set(place Eigen3_DIR)

if(NOT Eigen3_FOUND)
  set(place Eigen3_INCLUDE_DIR)
  find_path(Eigen3_INCLUDE_DIR Eigen/Core PATH_SUFFIXES eigen3)
  mark_as_advanced(Eigen3_INCLUDE_DIR)
  set(header "${Eigen3_INCLUDE_DIR}/Eigen/Version")
  if(NOT EXISTS "${header}")  # before Eigen 5
    set(header "${Eigen3_INCLUDE_DIR}/Eigen/src/Core/util/Macros.h")
  endif()
  if(Eigen3_INCLUDE_DIR)
    file(STRINGS "${header}" lines REGEX "^ *#define EIGEN_(WORLD|MAJOR|MINOR|PATCH)_VERSION [0-9]+")
    list(TRANSFORM lines REPLACE ".* " "")
    list(LENGTH lines length)
    if(length EQUAL 4)
      list(POP_FRONT lines)  # 3 for ever
    endif()
    list(JOIN lines "." Eigen3_VERSION)
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Eigen3 REQUIRED_VARS ${place} VERSION_VAR Eigen3_VERSION)
if(Eigen3_FOUND AND NOT TARGET Eigen3::Eigen)
  add_library(Eigen3::Eigen INTERFACE IMPORTED)
  set_target_properties(Eigen3::Eigen PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${Eigen3_INCLUDE_DIR}")
endif()
