# Finds Debian's libsystemc-dev and makes the target SystemC::systemc.
#
# Debian builds SystemC as C++17; the library carries that standard in the name of a symbol it must link against, so a
# C++20 program fails to link unless it says which standard the library has. SC_CPLUSPLUS is SystemC's own override for
# that. It is set here, once, for everybody who links the target, and tried out at configure time.

find_path(SystemC_INCLUDE_DIR systemc HINTS ENV SYSTEMC_HOME PATH_SUFFIXES include)
find_library(SystemC_LIBRARY systemc HINTS ENV SYSTEMC_HOME PATH_SUFFIXES lib lib-linux64)

if(SystemC_INCLUDE_DIR AND EXISTS "${SystemC_INCLUDE_DIR}/sysc/kernel/sc_ver.h")
  foreach(part MAJOR MINOR PATCH)
    file(STRINGS "${SystemC_INCLUDE_DIR}/sysc/kernel/sc_ver.h" line REGEX "#define SC_VERSION_${part}[ ]+[0-9]+")
    string(REGEX REPLACE ".*SC_VERSION_${part}[ ]+([0-9]+).*" "\\1" SystemC_VERSION_${part} "${line}")
  endforeach()
  set(SystemC_VERSION "${SystemC_VERSION_MAJOR}.${SystemC_VERSION_MINOR}.${SystemC_VERSION_PATCH}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(SystemC
  REQUIRED_VARS SystemC_LIBRARY SystemC_INCLUDE_DIR
  VERSION_VAR SystemC_VERSION
  REASON_FAILURE_MESSAGE "Install it with scripts/setup (Debian: libsystemc-dev), or set SYSTEMC_HOME.")

set(SystemC_CPLUSPLUS "201703L" CACHE STRING "The C++ standard that libsystemc was built with (__cplusplus of that build)")
mark_as_advanced(SystemC_INCLUDE_DIR SystemC_LIBRARY)

if(SystemC_FOUND AND NOT TARGET SystemC::systemc)
  add_library(SystemC::systemc UNKNOWN IMPORTED)
  set_target_properties(SystemC::systemc PROPERTIES
    IMPORTED_LOCATION "${SystemC_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${SystemC_INCLUDE_DIR}"
    INTERFACE_COMPILE_DEFINITIONS "SC_CPLUSPLUS=${SystemC_CPLUSPLUS};SC_INCLUDE_FX=0")

  set(probe "${CMAKE_BINARY_DIR}/systemc_probe.cpp")
  file(WRITE "${probe}" "#include <systemc>\nint sc_main(int, char**) { return 0; }\n")
  try_compile(SystemC_LINKS "${CMAKE_BINARY_DIR}/systemc_probe" SOURCES "${probe}"
    LINK_LIBRARIES SystemC::systemc CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF
    OUTPUT_VARIABLE SystemC_PROBE_LOG)
  if(NOT SystemC_LINKS)
    message(FATAL_ERROR
      "A C++20 program does not link with ${SystemC_LIBRARY} under SC_CPLUSPLUS=${SystemC_CPLUSPLUS}.\n"
      "SystemC must be told the C++ standard that it was built with. Debian 12's package has C++17 (201703L). For your own "
      "build, configure with -DSystemC_CPLUSPLUS=<its __cplusplus>, e.g. 201402L or 202002L.\n${SystemC_PROBE_LOG}")
  endif()
endif()
