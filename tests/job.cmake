# SPDX-License-Identifier: MIT
# The headers of the job level: from real maps to real images and back.
find_package(FFTW3f REQUIRED)

add_executable(bracewell_job_tests ctf.cpp fft_libraries.cpp projector.cpp reconstructor.cpp shells.cpp so3.cpp symmetry.cpp)
target_compile_definitions(bracewell_job_tests PRIVATE BRACEWELL_TEST_DATA="${CMAKE_CURRENT_SOURCE_DIR}/data"
                                                       BRACEWELL_SHARED_DATA="${BRACEWELL_SHARED_DATA}")
target_compile_options(bracewell_job_tests PRIVATE -O1)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")  # false alarms about kernels that are empty
  target_compile_options(bracewell_job_tests PRIVATE -Wno-maybe-uninitialized)
endif()
target_include_directories(bracewell_job_tests PRIVATE ${PROJECT_SOURCE_DIR}/examples support/mock)
target_link_libraries(bracewell_job_tests PRIVATE bracewell_test_support Eigen3::Eigen
                                                  FFTW3::fftw3 FFTW3::fftw3f gemmi::gemmi_cpp bracewell_star)
if("CUDA" IN_LIST Kokkos_DEVICES)
  target_link_libraries(bracewell_job_tests PRIVATE CUDA::cufft)
  target_compile_definitions(bracewell_job_tests PRIVATE EIGEN_NO_CUDA)  # it stays on the host
endif()
catch_discover_tests(bracewell_job_tests DISCOVERY_MODE PRE_TEST PROPERTIES ENVIRONMENT OMP_PROC_BIND=false
                     ENVIRONMENT_MODIFICATION OMP_WAIT_POLICY=set:passive SKIP_RETURN_CODE 4)
