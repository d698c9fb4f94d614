# SPDX-License-Identifier: Apache-2.0
# Errors of the kernel: the library that makes calls fail (preloaded, so without sanitizers; its names are for all to
# see), and the rig: a sample, the proof that it can fail, and all of it.
add_library(larder_shim MODULE shim/calls.c shim/plan.c)
target_compile_definitions(larder_shim PRIVATE _GNU_SOURCE)
target_compile_options(larder_shim PRIVATE -Wall -Wextra)
target_link_libraries(larder_shim PRIVATE ${CMAKE_DL_LIBS})
set_target_properties(larder_shim PROPERTIES C_VISIBILITY_PRESET default)

set(rig Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/errors.py)
add_test(NAME fault-errors COMMAND ${rig})
add_test(NAME fault-errors-can-fail COMMAND ${rig} --broken)
add_test(NAME fault-errors-all COMMAND ${rig} --all)
set_tests_properties(fault-errors fault-errors-can-fail fault-errors-all PROPERTIES LABELS "fault;release" TIMEOUT 300
  SKIP_RETURN_CODE 77 ENVIRONMENT "LARDER=$<TARGET_FILE:larder>;LARDER_COURIER=$<TARGET_FILE:larder_courier>;LARDER_BROKEN=${PROJECT_BINARY_DIR}/tests/broken;PYTHONDONTWRITEBYTECODE=1")
set_tests_properties(fault-errors fault-errors-all PROPERTIES PROCESSORS 2)
set_tests_properties(fault-errors-all PROPERTIES LABELS long TIMEOUT 900)
set_property(TEST fault-b_files fault-errors fault-errors-can-fail fault-errors-all APPEND PROPERTY
  ENVIRONMENT "LARDER_SHIM_LIBRARY=$<TARGET_FILE:larder_shim>")
