# SPDX-License-Identifier: MIT
# The programs on the job level hold themselves to limits.
add_test(NAME refine_one COMMAND refine_one)
add_test(NAME ctf_reconstruct COMMAND ctf_reconstruct --images 1000 --output ${work}/ctf_reconstruct)
add_test(NAME reconstruction_error COMMAND reconstruction_error --bin 4 --images 300 --write ${work}/reconstruction_error)
add_test(NAME "ctf_reconstruct refuses: truncated.mrc"
         COMMAND ${CMAKE_COMMAND} -DOUTPUT=${work}/refused/ctf_reconstruct -DWORDS=truncated -P ${CMAKE_CURRENT_SOURCE_DIR}/refuses.cmake
                 -- $<TARGET_FILE:ctf_reconstruct> --output ${work}/refused/ctf_reconstruct --map ${work}/bad/truncated.mrc)
set_tests_properties("ctf_reconstruct refuses: truncated.mrc" PROPERTIES FIXTURES_REQUIRED bad_maps)
