# SPDX-License-Identifier: MIT
# The tests of eigen.hpp, read with the headers of Eigen 5 that a package on PyPI holds.
find_program(python NAMES python3 python REQUIRED)
if(NOT EXISTS "${FOLDER}/eigency/eigen/Eigen/Version")
  file(REMOVE_RECURSE "${FOLDER}")
  execute_process(COMMAND "${python}" -m pip --quiet download --no-deps --only-binary :all: --dest "${FOLDER}" eigency==5.0.1.1
                  RESULT_VARIABLE code ERROR_VARIABLE words)
  file(GLOB archive "${FOLDER}/*.whl")
  if(NOT code EQUAL 0 OR NOT archive)
    message(STATUS "skipped: pip got no Eigen 5: ${words}")
    return()
  endif()
  file(ARCHIVE_EXTRACT INPUT "${archive}" DESTINATION "${FOLDER}" PATTERNS "eigency/eigen/*")
endif()
list(PREPEND SYSTEM -isystem "${FOLDER}/eigency/eigen")
include("${CMAKE_CURRENT_LIST_DIR}/reading.cmake")
