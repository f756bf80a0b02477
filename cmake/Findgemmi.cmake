# SPDX-License-Identifier: MIT
# gemmi::gemmi_cpp of any version from 0.5 on: by its own package, which has a library since 0.6; or else from headers, those of
# PEGTL that they include, and zlib.
find_package(gemmi CONFIG QUIET)
set(places gemmi_DIR)

if(NOT gemmi_FOUND)
  find_path(gemmi_INCLUDE_DIR gemmi/ccp4.hpp)
  find_path(gemmi_PEGTL_INCLUDE_DIR tao/pegtl.hpp HINTS "${gemmi_INCLUDE_DIR}/gemmi/third_party")
  find_library(gemmi_LIBRARY gemmi_cpp)
  mark_as_advanced(gemmi_INCLUDE_DIR gemmi_PEGTL_INCLUDE_DIR gemmi_LIBRARY)
  if(gemmi_INCLUDE_DIR)
    file(STRINGS "${gemmi_INCLUDE_DIR}/gemmi/version.hpp" gemmi_VERSION REGEX "#define GEMMI_VERSION ")
    string(REGEX REPLACE ".*\"([0-9.]+).*" "\\1" gemmi_VERSION "${gemmi_VERSION}")
  endif()
  set(places gemmi_INCLUDE_DIR gemmi_PEGTL_INCLUDE_DIR)
  if(gemmi_VERSION VERSION_GREATER_EQUAL 0.6)
    list(APPEND places gemmi_LIBRARY)
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(gemmi REQUIRED_VARS ${places} VERSION_VAR gemmi_VERSION)
if(gemmi_FOUND)
  find_package(ZLIB REQUIRED)
  if(NOT TARGET gemmi::gemmi_cpp)
    add_library(gemmi::gemmi_cpp INTERFACE IMPORTED)
    set_target_properties(gemmi::gemmi_cpp PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${gemmi_INCLUDE_DIR};${gemmi_PEGTL_INCLUDE_DIR}"
                                                      INTERFACE_LINK_LIBRARIES ZLIB::ZLIB)
    if(gemmi_LIBRARY)
      set_property(TARGET gemmi::gemmi_cpp APPEND PROPERTY INTERFACE_LINK_LIBRARIES "${gemmi_LIBRARY}")
    endif()
  endif()
endif()
