# SPDX-License-Identifier: MIT
# Installs the build tree BUILD into PREFIX, from where it was first put: an installed package can be moved.
file(REMOVE_RECURSE "${FOLDER}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${FOLDER}/elsewhere" COMMAND_ERROR_IS_FATAL ANY)
file(RENAME "${FOLDER}/elsewhere" "${PREFIX}")
