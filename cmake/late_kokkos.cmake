# SPDX-License-Identifier: MIT
# At the end of a project of which Bracewell is a part and that had no Kokkos before it: that project's Kokkos, or the package.
get_property(bracewell_found DIRECTORY "${Bracewell_SOURCE_DIR}" PROPERTY IMPORTED_TARGETS)
if(NOT TARGET Kokkos::kokkos AND NOT Kokkos::kokkos IN_LIST bracewell_found)
  find_package(Kokkos 4.5 REQUIRED)
endif()
if(TARGET Kokkos::kokkos)
  get_target_property(bracewell_imported Kokkos::kokkos IMPORTED)
  if(bracewell_imported)  # and not yet in sight of Bracewell's folder
    set_target_properties(Kokkos::kokkos PROPERTIES IMPORTED_GLOBAL ON)
  elseif(Kokkos::kokkos IN_LIST bracewell_found)
    message(FATAL_ERROR "Bracewell took the Kokkos installed in ${Kokkos_DIR}, but this build has its own: add that before Bracewell")
  endif()
endif()
