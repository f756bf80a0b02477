# SPDX-License-Identifier: MIT
# What one call costs a user's own compilation: processor seconds beyond <Kokkos_Core.hpp> alone, the least of three, and the bytes of
# the object file. Of the target `bracewell_cost` in the build tree BUILD.
function(measure name seconds bytes)
  file(STRINGS "${BUILD}/compile_commands.json" command REGEX "\"command\".*cost.dir/cost/${name}.cpp")
  string(JSON command GET "{${command}}" command)
  separate_arguments(command UNIX_COMMAND "${command}")
  set(object "${BUILD}/compile_cost.o")
  set(least 1000000)
  foreach(run RANGE 1 3)
    execute_process(COMMAND bash -c "TIMEFORMAT='time %U %S'; time \"$@\"" bash ${command} -o ${object} WORKING_DIRECTORY "${BUILD}"
                    ERROR_VARIABLE output RESULT_VARIABLE result)
    if(NOT result EQUAL 0 OR NOT output MATCHES "time ([0-9]+)\\.([0-9]+) ([0-9]+)\\.([0-9]+)\n$")
      message(FATAL_ERROR "${output}")
    endif()
    math(EXPR time "${CMAKE_MATCH_1}${CMAKE_MATCH_2} + ${CMAKE_MATCH_3}${CMAKE_MATCH_4}")  # milliseconds
    if(time LESS least)
      set(least ${time})
    endif()
  endforeach()
  file(SIZE ${object} size)
  file(REMOVE ${object})
  set(${seconds} ${least} PARENT_SCOPE)
  set(${bytes} ${size} PARENT_SCOPE)
endfunction()

measure(kokkos kokkos bytes)
message("<Kokkos_Core.hpp> alone: ${kokkos} ms")
foreach(name ${NAMES})
  measure(${name} time bytes)
  math(EXPR time "${time} - ${kokkos}")
  message("${name}: ${time} ms more, ${bytes} bytes")
endforeach()
