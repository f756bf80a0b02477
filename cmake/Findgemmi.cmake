# SPDX-License-Identifier: MIT
# gemmi::headers: gemmi 0.5's headers, the PEGTL headers that they include, and zlib.
find_path(gemmi_INCLUDE_DIR gemmi/ccp4.hpp)
find_path(gemmi_PEGTL_INCLUDE_DIR tao/pegtl.hpp)
mark_as_advanced(gemmi_INCLUDE_DIR gemmi_PEGTL_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(gemmi REQUIRED_VARS gemmi_INCLUDE_DIR gemmi_PEGTL_INCLUDE_DIR)

if(gemmi_FOUND AND NOT TARGET gemmi::headers)
  find_package(ZLIB REQUIRED)
  add_library(gemmi::headers INTERFACE IMPORTED)
  set_target_properties(gemmi::headers PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${gemmi_INCLUDE_DIR};${gemmi_PEGTL_INCLUDE_DIR}"
                                                  INTERFACE_LINK_LIBRARIES ZLIB::ZLIB)
endif()
