# SPDX-License-Identifier: Apache-2.0
# Many callers at once, clocks that jump, and commands that race; see storm.py, clock.py and races.py.
find_package(Threads REQUIRED)

# The callers of the storm, a program that uses the library as others do.
add_executable(storm_callers storm_callers.c)
target_link_libraries(storm_callers PRIVATE larder_flags api dep_sodium dep_sqlite Threads::Threads)

# Preloaded: clocks that the rig moves.
add_library(clock_shim SHARED shim/clock.c)
set_target_properties(clock_shim PROPERTIES C_VISIBILITY_PRESET default)
target_link_libraries(clock_shim PRIVATE larder_flags)

set(environment "LARDER=$<TARGET_FILE:larder>" "LARDER_COURIER=$<TARGET_FILE:larder_courier>"
  "LARDER_CALLERS=$<TARGET_FILE:storm_callers>" "LARDER_CLOCK_SHIM=$<TARGET_FILE:clock_shim>"
  "LARDER_BROKEN=${PROJECT_BINARY_DIR}/tests/broken" PYTHONDONTWRITEBYTECODE=1)

# The short run, the proof that the rig can fail, and all of it. A preloaded library and the speed of a hundred
# processes make no sense under sanitizers.
foreach(rig clock races storm)
  add_test(NAME fault-${rig} COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/${rig}.py)
  add_test(NAME fault-${rig}-can-fail COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/${rig}.py --broken)
  add_test(NAME fault-${rig}-all COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/${rig}.py --all)
  set_tests_properties(fault-${rig} fault-${rig}-can-fail fault-${rig}-all PROPERTIES LABELS "fault;release" TIMEOUT 300
    SKIP_RETURN_CODE 77 ENVIRONMENT "${environment}")
  set_tests_properties(fault-${rig} fault-${rig}-all PROPERTIES PROCESSORS 2)
  set_tests_properties(fault-${rig}-all PROPERTIES LABELS "long;release" TIMEOUT 1200)
endforeach()
