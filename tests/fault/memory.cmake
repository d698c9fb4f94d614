# SPDX-License-Identifier: Apache-2.0
# Every allocation fails in turn; see memory.py. The programs are the real ones, linked with an allocator that can fail,
# so they are of no use under a sanitizer, which has its own.
if(LARDER_SANITIZE)
  return()
endif()
add_library(memory_shim SHARED shim/memory.c)
set_target_properties(memory_shim PROPERTIES C_VISIBILITY_PRESET default)
target_compile_options(memory_shim PRIVATE -fno-builtin)
target_link_libraries(memory_shim PRIVATE larder_flags)
add_library(memory_wrap OBJECT shim/wrap.c)
target_link_libraries(memory_wrap PRIVATE larder_flags)

# larder_memory(BUILD PROGRAM SOURCE LAYERS...): memory/BUILD/PROGRAM, with the objects of a broken build if it is one.
function(larder_memory build program source)
  set(target memory_${build}_${program})
  add_executable(${target} ${source} $<TARGET_OBJECTS:memory_wrap>)
  if(NOT build STREQUAL good)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:broken_${build}>)
  endif()
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${program}
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/memory/${build})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/shim)
  target_link_options(${target} PRIVATE -Wl,--wrap=arena_alloc -Wl,--wrap=arena_free)
  target_link_libraries(${target} PRIVATE larder_flags -Wl,--no-as-needed memory_shim -Wl,--as-needed ${ARGN})
endfunction()
larder_memory(good larder ${PROJECT_SOURCE_DIR}/src/cli/main.c cli api dep_sodium dep_sqlite)
larder_memory(good larder-courier ${PROJECT_SOURCE_DIR}/src/courier/main.c courier)
foreach(build good unchecked_copy leaked_on_failure judged_without_memory)
  larder_memory(${build} calls ${CMAKE_CURRENT_SOURCE_DIR}/memory_calls.c api dep_sodium dep_sqlite)
endforeach()

add_test(NAME fault-memory COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/memory.py)
add_test(NAME fault-memory-can-fail COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/memory.py --broken)
add_test(NAME fault-memory-all COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/memory.py --all)
set_tests_properties(fault-memory fault-memory-can-fail fault-memory-all PROPERTIES LABELS "fault;release" TIMEOUT 300
  ENVIRONMENT "LARDER_MEMORY=${CMAKE_CURRENT_BINARY_DIR}/memory;PYTHONDONTWRITEBYTECODE=1")
set_tests_properties(fault-memory fault-memory-all PROPERTIES PROCESSORS 2)
set_tests_properties(fault-memory-all PROPERTIES LABELS long TIMEOUT 900)
