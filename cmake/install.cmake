# What `cmake --install` puts under a prefix P:
#
#     P/bin/d1sim                     the program
#     P/include/d1sim/                headers, included as in the repository: #include "models/noc/router.hpp"
#     P/lib/libd1_*.a, lib/cmake/d1sim/   libraries and the package: find_package(d1sim), targets d1::noc, ...
#     P/share/d1sim/                  presets and topologies
#     P/share/doc/d1sim/              license and docs
#
# Headers and libraries are those of models, platforms and the kernels; other testbenches are programs.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(D1_INSTALLED_FOLDERS "^(models|platforms|testbenches/kernels)(/|$)")
set(D1_INSTALL_INCLUDE "${CMAKE_INSTALL_INCLUDEDIR}/d1sim")
set(D1_INSTALL_LIBRARIES "${CMAKE_INSTALL_LIBDIR}")
set(D1_INSTALL_PACKAGE "${CMAKE_INSTALL_LIBDIR}/cmake/d1sim")

# Headers of tests and benchmarks stand beside the others; what includes their frameworks is left out.
function(d1_install_headers)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
    "${PROJECT_SOURCE_DIR}/models/*.hpp" "${PROJECT_SOURCE_DIR}/platforms/*.hpp"
    "${PROJECT_SOURCE_DIR}/testbenches/kernels/*.hpp")
  foreach(header IN LISTS headers)
    file(STRINGS "${PROJECT_SOURCE_DIR}/${header}" of_tests LIMIT_COUNT 1 REGEX "#include <(gtest|gmock|benchmark)/")
    if(NOT of_tests)
      get_filename_component(folder "${header}" DIRECTORY)
      install(FILES "${header}" DESTINATION "${D1_INSTALL_INCLUDE}/${folder}")
    endif()
  endforeach()
endfunction()

# To be called when all targets are made.
function(d1_install_package)
  d1_install_headers()
  install(TARGETS d1_options EXPORT d1sim)
  install(EXPORT d1sim NAMESPACE d1:: FILE d1simTargets.cmake DESTINATION "${D1_INSTALL_PACKAGE}")
  configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/d1simConfig.cmake.in"
    "${PROJECT_BINARY_DIR}/d1simConfig.cmake" INSTALL_DESTINATION "${D1_INSTALL_PACKAGE}"
    PATH_VARS CMAKE_INSTALL_DATADIR)
  write_basic_package_version_file("${PROJECT_BINARY_DIR}/d1simConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
  install(FILES "${PROJECT_BINARY_DIR}/d1simConfig.cmake" "${PROJECT_BINARY_DIR}/d1simConfigVersion.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/FindSystemC.cmake" DESTINATION "${D1_INSTALL_PACKAGE}")

  install(DIRECTORY platforms/presets testbenches/d1sim/topologies DESTINATION "${CMAKE_INSTALL_DATADIR}/d1sim")
  install(FILES LICENSE README.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
  install(DIRECTORY docs DESTINATION "${CMAKE_INSTALL_DOCDIR}")
endfunction()
