# SPDX-License-Identifier: MIT
# Programs on the job level: bracewell/projector.hpp.
find_package(FFTW3f REQUIRED)

foreach(program average_subtomograms bracewell_project bracewell_reconstruct compare_maps ctf_reconstruct reconstruct_map reconstruction_error refine_map
        refine_one search_poses)
  add_executable(${program} ${program}.cpp)
  target_link_libraries(${program} PRIVATE examples_common FFTW3::fftw3f)
endforeach()
