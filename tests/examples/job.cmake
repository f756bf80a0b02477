# SPDX-License-Identifier: MIT
# The programs on the job level hold themselves to limits.
add_test(NAME refine_one COMMAND refine_one)
add_test(NAME ctf_reconstruct COMMAND ctf_reconstruct --images 1000 --output ${work}/ctf_reconstruct)
add_test(NAME reconstruction_error COMMAND reconstruction_error --bin 4 --images 300 --write ${work}/reconstruction_error)
add_test(NAME "ctf_reconstruct refuses: truncated.mrc"
         COMMAND ${CMAKE_COMMAND} -DOUTPUT=${work}/refused/ctf_reconstruct -DWORDS=truncated -P ${CMAKE_CURRENT_SOURCE_DIR}/refuses.cmake
                 -- $<TARGET_FILE:ctf_reconstruct> --output ${work}/refused/ctf_reconstruct --map ${work}/bad/truncated.mrc)
set_tests_properties("ctf_reconstruct refuses: truncated.mrc" PROPERTIES FIXTURES_REQUIRED bad_maps)

add_executable(particle_programs_tests particle_programs.cpp pose_search.cpp ../support/main.cpp)
target_include_directories(particle_programs_tests PRIVATE ..)
target_compile_definitions(particle_programs_tests PRIVATE
  BRACEWELL_PROJECT="$<TARGET_FILE:bracewell_project>" BRACEWELL_RECONSTRUCT="$<TARGET_FILE:bracewell_reconstruct>"
  BRACEWELL_SEARCH="$<TARGET_FILE:search_poses>" BRACEWELL_REFINE="$<TARGET_FILE:refine_map>"
  BRACEWELL_MPIEXEC="${BRACEWELL_EXAMPLES_MPIEXEC}"
  BRACEWELL_TEST_OUTPUT="${work}" BRACEWELL_SHARED_DATA="${BRACEWELL_SHARED_DATA}")
target_link_libraries(particle_programs_tests PRIVATE examples_common Catch2::Catch2 FFTW3::fftw3f)
add_dependencies(particle_programs_tests bracewell_project bracewell_reconstruct refine_map search_poses)
catch_discover_tests(particle_programs_tests DISCOVERY_MODE PRE_TEST PROPERTIES ENVIRONMENT OMP_PROC_BIND=false
                     ENVIRONMENT_MODIFICATION OMP_WAIT_POLICY=set:passive SKIP_RETURN_CODE 4)

add_executable(subtomograms_tests subtomograms.cpp ../support/main.cpp)
target_include_directories(subtomograms_tests PRIVATE ..)
target_compile_definitions(subtomograms_tests PRIVATE BRACEWELL_AVERAGE="$<TARGET_FILE:average_subtomograms>"
                                                      BRACEWELL_TEST_OUTPUT="${work}")
target_link_libraries(subtomograms_tests PRIVATE examples_common Catch2::Catch2 FFTW3::fftw3f)
add_dependencies(subtomograms_tests average_subtomograms)
catch_discover_tests(subtomograms_tests DISCOVERY_MODE PRE_TEST PROPERTIES ENVIRONMENT OMP_PROC_BIND=false
                     ENVIRONMENT_MODIFICATION OMP_WAIT_POLICY=set:passive SKIP_RETURN_CODE 4)
