# SPDX-License-Identifier: MIT
# FFTW3::fftw3, the library of double precision, and FFTW3::fftw3f, that of single precision.
find_path(FFTW3_INCLUDE_DIR fftw3.h)
find_library(FFTW3_LIBRARY fftw3)
find_library(FFTW3_FLOAT_LIBRARY fftw3f)
mark_as_advanced(FFTW3_INCLUDE_DIR FFTW3_LIBRARY FFTW3_FLOAT_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(FFTW3 REQUIRED_VARS FFTW3_LIBRARY FFTW3_FLOAT_LIBRARY FFTW3_INCLUDE_DIR)

if(FFTW3_FOUND)
  foreach(precision "" f)
    if(NOT TARGET FFTW3::fftw3${precision})
      add_library(FFTW3::fftw3${precision} UNKNOWN IMPORTED)
      set_target_properties(FFTW3::fftw3${precision} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${FFTW3_INCLUDE_DIR}")
    endif()
  endforeach()
  set_target_properties(FFTW3::fftw3 PROPERTIES IMPORTED_LOCATION "${FFTW3_LIBRARY}")
  set_target_properties(FFTW3::fftw3f PROPERTIES IMPORTED_LOCATION "${FFTW3_FLOAT_LIBRARY}")
endif()
