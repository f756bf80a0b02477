# SPDX-License-Identifier: MIT
# For scripts that configure and install projects in FOLDER.
file(REMOVE_RECURSE "${FOLDER}")

# configure(source build options...)
function(configure source build)
  message(STATUS "configure ${ARGN}")
  execute_process(COMMAND "${CMAKE_COMMAND}" -G "${GENERATOR}" -S "${source}" -B "${build}" "-DCMAKE_CXX_COMPILER=${COMPILER}"
                          --no-warn-unused-cli ${ARGN}
                  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Installs a build tree, and holds the list of what comes to `expected`: regular expressions of all paths, each of which must occur.
function(expect_installed build prefix expected)
  execute_process(COMMAND "${CMAKE_COMMAND}" --install "${build}" --prefix "${prefix}" OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  file(GLOB_RECURSE files RELATIVE "${prefix}" "${prefix}/*")
  foreach(expression ${expected})
    set(found ${files})
    list(FILTER found INCLUDE REGEX "^${expression}$")
    if(NOT found)
      message(FATAL_ERROR "nothing like ${expression} was installed, but ${files}")
    endif()
    list(REMOVE_ITEM files ${found})
  endforeach()
  if(files)
    message(FATAL_ERROR "not expected to be installed: ${files}")
  endif()
endfunction()
