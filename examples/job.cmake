# SPDX-License-Identifier: MIT
# Programs on the job level: bracewell/projector.hpp.
find_package(FFTW3f REQUIRED)

foreach(program average_subtomograms bracewell_project bracewell_reconstruct compare_maps ctf_reconstruct reconstruct_map reconstruction_error refine_map
        refine_one search_poses)
  add_executable(${program} ${program}.cpp)
  target_link_libraries(${program} PRIVATE examples_common FFTW3::fftw3f)
endforeach()

# Programs that several processes do together where there is MPI.
option(BRACEWELL_EXAMPLES_MPI "Build refine_map and bracewell_reconstruct with MPI, where it is installed" ON)
set(BRACEWELL_EXAMPLES_MPIEXEC "" CACHE INTERNAL "What starts them then")
if(BRACEWELL_EXAMPLES_MPI)
  # FindMPI stops where there is a compiler's wrapper without the headers, as a runtime package has it.
  find_program(BRACEWELL_MPICXX mpicxx)
  mark_as_advanced(BRACEWELL_MPICXX)
  set(lacks_headers 0)
  if(BRACEWELL_MPICXX)
    execute_process(COMMAND ${BRACEWELL_MPICXX} -E -x c++ -include mpi.h /dev/null RESULT_VARIABLE lacks_headers OUTPUT_QUIET ERROR_QUIET)
  endif()
  if(lacks_headers EQUAL 0)
    set(MPI_CXX_SKIP_MPICXX ON)
    find_package(MPI COMPONENTS CXX)
  endif()
  if(MPI_CXX_FOUND)
    set(BRACEWELL_EXAMPLES_MPIEXEC "${MPIEXEC_EXECUTABLE}" CACHE INTERNAL "What starts them then")
    foreach(program bracewell_reconstruct refine_map)
      target_link_libraries(${program} PRIVATE MPI::MPI_CXX)
      target_compile_definitions(${program} PRIVATE EXAMPLES_MPI)
    endforeach()
  endif()
endif()
