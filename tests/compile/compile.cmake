# SPDX-License-Identifier: MIT
# Compiles SOURCE as its target in the build tree BUILD would, but without output, and with the macro CASE defined where there is one.
# With a CASE the first error must be a static_assert with the sentence that stands after its name in SOURCE.
file(STRINGS "${BUILD}/compile_commands.json" command REGEX "\"command\".*${OBJECT}")
string(JSON command GET "{${command}}" command)
separate_arguments(command UNIX_COMMAND "${command}")
set(case "")
if(CASE)
  set(case -D${CASE})
endif()
execute_process(COMMAND ${command} -fsyntax-only ${case} WORKING_DIRECTORY "${BUILD}" RESULT_VARIABLE result
                OUTPUT_VARIABLE output ERROR_VARIABLE output)
message("${output}")
if(NOT CASE)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "it does not compile")
  endif()
  return()
endif()

file(STRINGS "${SOURCE}" sentence REGEX "^#ifdef ${CASE} ")
string(REGEX REPLACE "^#ifdef ${CASE} +// " "" sentence "${sentence}")
string(REGEX MATCH "[^\n]*error[^\n]*" error "${output}")
string(FIND "${error}" "${sentence}" position)
if(result EQUAL 0 OR position LESS 0 OR NOT error MATCHES "static[_ ]assert")
  message(FATAL_ERROR "expected as the first error: ${sentence}")
endif()
