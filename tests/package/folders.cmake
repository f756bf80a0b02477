# SPDX-License-Identifier: MIT
# Folders of GNUInstallDirs that are not the usual ones: the installed package says where its headers are.
include("${CMAKE_CURRENT_LIST_DIR}/project.cmake")
foreach(part CMakeLists.txt cmake include)  # CMake allows no absolute folder inside the source folder
  file(COPY "${SOURCE}/${part}" DESTINATION "${FOLDER}/source")
endforeach()
set(options -DBRACEWELL_BUILD_TESTS=OFF -DBRACEWELL_BUILD_EXAMPLES=OFF -DBRACEWELL_BUILD_BENCH=OFF "-DKokkos_DIR=${KOKKOS}")
set(package "share/cmake/Bracewell/Bracewell(Config|ConfigVersion|Targets)\\.cmake")
foreach(include "inc" "in two/parts" "${FOLDER}/headers")
  string(MAKE_C_IDENTIFIER "${include}" name)
  configure("${FOLDER}/source" "${FOLDER}/${name}-build" ${options} "-DCMAKE_INSTALL_INCLUDEDIR=${include}" -DCMAKE_INSTALL_LIBDIR=lib/of/mine)
  set(expected "${package}")
  if(NOT IS_ABSOLUTE "${include}")
    list(APPEND expected "${include}/bracewell/[a-z0-9_/]+\\.hpp")
  endif()
  expect_installed("${FOLDER}/${name}-build" "${FOLDER}/${name}" "${expected}")
  configure("${CMAKE_CURRENT_LIST_DIR}/consumer" "${FOLDER}/${name}-consumer" "-DKokkos_DIR=${KOKKOS}"
            "-DCMAKE_PREFIX_PATH=${FOLDER}/${name}")
endforeach()
