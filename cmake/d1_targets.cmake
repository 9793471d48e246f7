# How a folder of the project becomes targets: d1_library, d1_test, d1_benchmark.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

option(D1_WARNINGS_AS_ERRORS "Fail the build on a warning in the project's own code" ON)
set(D1_SANITIZE "" CACHE STRING "Sanitizers to build with, e.g. address,undefined")
option(D1_FUZZ "Build the fuzz targets of testbenches/fuzz; takes clang" OFF)

add_library(d1_options INTERFACE)
add_library(d1::options ALIAS d1_options)
set_target_properties(d1_options PROPERTIES EXPORT_NAME options)
target_include_directories(d1_options INTERFACE
  "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>" "$<INSTALL_INTERFACE:${D1_INSTALL_INCLUDE}>")
target_compile_features(d1_options INTERFACE cxx_std_20)
# Warnings are for the project's own code, not for whoever uses an installed library.
set(D1_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual)
if(D1_WARNINGS_AS_ERRORS)
  list(APPEND D1_WARNINGS -Werror)
endif()
target_compile_options(d1_options INTERFACE
  "$<BUILD_INTERFACE:${D1_WARNINGS}>"
  # Results are bit-true: a compiler must not fuse a product and a sum, nor assume anything that IEEE 754 does not say.
  -ffp-contract=off)
# Position-independent code is for whoever links the libraries into a library; no function of theirs is to be replaced there,
# which g++, unlike clang, allows for otherwise and inlines less.
target_compile_options(d1_options INTERFACE "$<BUILD_INTERFACE:$<$<CXX_COMPILER_ID:GNU>:-fno-semantic-interposition>>")
if(D1_SANITIZE)
  target_compile_options(d1_options INTERFACE -fsanitize=${D1_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(d1_options INTERFACE -fsanitize=${D1_SANITIZE})
  if(D1_SANITIZE MATCHES "address")
    # It finds accesses by null and beyond an object itself; they need not be looked for twice.
    target_compile_options(d1_options INTERFACE -fno-sanitize=null,object-size)
  endif()
  # Between the sanitizers' checks g++ 12 no longer sees that a std::optional is read only where it holds a value.
  target_compile_options(d1_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()

# The presets release and asan-ubsan compile the files of a target several at a time (CMAKE_UNITY_BUILD), since most of a
# compilation is the templates that they share. SEPARATE: one by one, where files have names of their own in common.
set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)

# What scripts/test builds. `all` has benchmarks and programs that print tables for the docs besides.
add_custom_target(quick_tests)
add_custom_target(long_tests)

# d1_library(NAME SOURCES file... [LINK target...] [INTERNAL] [SEPARATE]): the static library d1_NAME, alias d1::NAME.
# Libraries of the folders that are installed (cmake/install.cmake) are exported under that name, unless INTERNAL.
function(d1_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "INTERNAL;SEPARATE" "" "SOURCES;LINK")
  if(arg_SOURCES)
    add_library(d1_${name} STATIC ${arg_SOURCES})
    target_link_libraries(d1_${name} PUBLIC d1_options ${arg_LINK})
    d1_use_precompiled(d1_${name} model ${arg_LINK})
    if(arg_SEPARATE)
      set_target_properties(d1_${name} PROPERTIES UNITY_BUILD OFF)
    endif()
  else()
    add_library(d1_${name} INTERFACE)
    target_link_libraries(d1_${name} INTERFACE d1_options ${arg_LINK})
  endif()
  add_library(d1::${name} ALIAS d1_${name})
  file(RELATIVE_PATH folder "${PROJECT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}")
  if(NOT arg_INTERNAL AND folder MATCHES "${D1_INSTALLED_FOLDERS}")
    set_target_properties(d1_${name} PROPERTIES EXPORT_NAME ${name})
    install(TARGETS d1_${name} EXPORT d1sim ARCHIVE DESTINATION "${D1_INSTALL_LIBRARIES}")
  endif()
endfunction()

# To optimise the many assertions of a quick test takes longer than to run them; what they test is optimised.
set(D1_QUICK_TEST_OPTIONS -O0)

# d1_test(NAME SOURCES file... LINK target... [LONG] [SEPARATE] [OPTIMISED]): one GoogleTest program; each of its tests is a
# process of its own, since SystemC elaborates once a process. Label: quick, or long. OPTIMISED: a quick one that computes much
# itself. A program that links d1::systemc_test_main has sc_main. D1_SANITIZERS: what it is built with; with any, a program
# without SystemC is one process, since starting one takes longer than most tests.
function(d1_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "LONG;SEPARATE;OPTIMISED" "" "SOURCES;LINK")
  if(NOT D1_BUILD_TESTS OR (arg_LONG AND NOT D1_BUILD_LONG_TESTS))
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE d1_options ${arg_LINK} GTest::gmock GTest::gtest)
  if(NOT d1::systemc_test_main IN_LIST arg_LINK)
    target_link_libraries(${name} PRIVATE GTest::gtest_main)
  endif()
  target_compile_definitions(${name} PRIVATE "D1_SANITIZERS=\"${D1_SANITIZE}\"")
  if(arg_SEPARATE)
    set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  endif()
  if(arg_LONG)
    set(label long)
    set(timeout 3600)
  else()
    set(label quick)
    set(timeout 300)
    if(NOT arg_OPTIMISED)
      target_compile_options(${name} PRIVATE ${D1_QUICK_TEST_OPTIONS})
      d1_use_precompiled(${name} test ${arg_LINK})
    endif()
  endif()
  add_dependencies(${label}_tests ${name})
  if(D1_SANITIZE AND NOT d1::systemc_test_main IN_LIST arg_LINK)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 1800 COST 100)
    return()
  endif()
  gtest_discover_tests(${name} TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 120
    PROPERTIES LABELS ${label} TIMEOUT ${timeout})
endfunction()

# d1_benchmark(NAME SOURCES file... LINK target...): one Google Benchmark program, never part of the tests.
function(d1_benchmark name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
  if(NOT D1_BUILD_BENCHMARKS)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE d1_options ${arg_LINK} benchmark::benchmark)
  # Whoever has read SystemC's header needs its library, which asks for an sc_main; a program with a main has none.
  target_link_options(${name} PRIVATE -Wl,--allow-shlib-undefined)
endfunction()
