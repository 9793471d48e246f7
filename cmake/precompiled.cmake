# Headers of libraries that most files read, compiled once a build: reading SystemC, TLM, Boost.Describe and GoogleTest is most
# of a compilation otherwise. They take no part in what a file means: a build with -DD1_PRECOMPILE=OFF (the preset `clang`)
# shows that each file includes what it uses.

option(D1_PRECOMPILE "Compile the headers of SystemC, Boost and GoogleTest once, not in each file" ON)

set(D1_PRECOMPILED_MODEL <algorithm> <array> <functional> <map> <memory> <optional> <span> <sstream> <string> <vector>
  <boost/describe.hpp> <boost/mp11.hpp> <systemc> <tlm>)
set(D1_PRECOMPILED_TEST ${D1_PRECOMPILED_MODEL} <random> <gmock/gmock.h> <gtest/gtest.h>)

# d1_precompiled(KIND HEADERS header... [LINK target...]): the target d1_precompiled_KIND, whose compiled headers others share.
function(d1_precompiled kind)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;LINK")
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/precompiled_${kind}.cpp" CONTENT "")
  add_library(d1_precompiled_${kind} OBJECT "${PROJECT_BINARY_DIR}/precompiled_${kind}.cpp")
  target_link_libraries(d1_precompiled_${kind} PRIVATE d1_options Boost::headers SystemC::systemc ${arg_LINK})
  target_precompile_headers(d1_precompiled_${kind} PRIVATE ${arg_HEADERS})
  if(kind STREQUAL "test")  # as the programs are compiled that read them
    set_target_properties(d1_precompiled_${kind} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(d1_precompiled_${kind} PRIVATE -fPIE ${D1_QUICK_TEST_OPTIONS})
  endif()
endfunction()

# d1_reads_systemc(TARGET RESULT): whether a target of the project links SystemC, itself or through others.
function(d1_reads_systemc target result)
  set(${result} OFF PARENT_SCOPE)
  if(target STREQUAL "SystemC::systemc")
    set(${result} ON PARENT_SCOPE)
  elseif(target MATCHES "^d1(::|_)" AND TARGET ${target})
    get_target_property(links ${target} INTERFACE_LINK_LIBRARIES)
    foreach(link IN LISTS links)
      d1_reads_systemc("${link}" reads)
      if(reads)
        set(${result} ON PARENT_SCOPE)
        return()
      endif()
    endforeach()
  endif()
endfunction()

# d1_use_precompiled(TARGET KIND link...): a target that links these reads them so, if SystemC is among them.
function(d1_use_precompiled target kind)
  if(NOT TARGET d1_precompiled_${kind})
    return()
  endif()
  foreach(link IN LISTS ARGN)
    d1_reads_systemc("${link}" reads)
    if(reads)
      target_precompile_headers(${target} REUSE_FROM d1_precompiled_${kind})
      target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)  # for ccache
      return()
    endif()
  endforeach()
endfunction()
