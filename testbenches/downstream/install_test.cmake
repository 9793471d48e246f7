# Installs a build, moves what was installed, and builds and runs the project beside this file against it.
#     cmake -DBUILD=... -DSOURCE=... -DCOMPILER=... -DBUILD_TYPE=... -P install_test.cmake

set(work "${BUILD}/downstream")
file(REMOVE_RECURSE "${work}")

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    string(JOIN " " command ${ARGV})
    message(FATAL_ERROR "${command}: ${result}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${work}/first")
file(RENAME "${work}/first" "${work}/prefix")  # a package works wherever it is put

file(GLOB_RECURSE scripts "${work}/prefix/*.cmake")
foreach(script IN LISTS scripts)
  file(STRINGS "${script}" absolute REGEX "${SOURCE}/|${work}")
  if(absolute)
    message(FATAL_ERROR "${script} names a place of the build: ${absolute}")
  endif()
endforeach()
foreach(file include/d1sim/models/noc/router.hpp share/d1sim/presets/d1.yaml share/d1sim/topologies/resnet50.csv
        share/doc/d1sim/LICENSE)
  if(NOT EXISTS "${work}/prefix/${file}")
    message(FATAL_ERROR "${file} is not installed")
  endif()
endforeach()
file(GLOB_RECURSE headers "${work}/prefix/include/*.hpp")
foreach(header IN LISTS headers)
  file(STRINGS "${header}" lines REGEX "^#include \"")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^#include \"([^\"]*)\".*" "\\1" included "${line}")
    if(NOT EXISTS "${work}/prefix/include/d1sim/${included}")
      message(FATAL_ERROR "${header} includes ${included}, which is not installed")
    endif()
  endforeach()
endforeach()

run("${work}/prefix/bin/d1sim" --version)
run("${CMAKE_COMMAND}" -G Ninja -S "${CMAKE_CURRENT_LIST_DIR}" -B "${work}/build" "-DCMAKE_PREFIX_PATH=${work}/prefix"
  "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_BUILD_TYPE=${BUILD_TYPE}")
run("${CMAKE_COMMAND}" --build "${work}/build")
run("${work}/build/square")
message(STATUS "${output}")
