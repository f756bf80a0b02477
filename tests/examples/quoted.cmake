# SPDX-License-Identifier: MIT
# cmake -DREADME=file -DSOURCE=file -DPROGRAM=executable -P quoted.cmake: README shows the program, and what it prints.
file(READ "${README}" readme)
file(READ "${SOURCE}" source)
string(REGEX REPLACE "^(//[^\n]*\n)+" "" source "${source}")
execute_process(COMMAND "${PROGRAM}" OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
foreach(quote source output)
  string(FIND "${readme}" "\n${${quote}}```\n" place)
  if(place EQUAL -1)
    message(FATAL_ERROR "README.md does not show this ${quote}:\n${${quote}}")
  endif()
endforeach()
