# SPDX-License-Identifier: MIT
# model_to_map and fit_points: they check their own results.
set(raster_data "${PROJECT_SOURCE_DIR}/examples/data")

add_test(NAME "model_to_map: scattering" COMMAND model_to_map --output ${work}/scattering)
add_test(NAME "model_to_map: electrons" COMMAND model_to_map --weights electrons --voxel 0.8 --images 3 --output ${work}/electrons)
# More than a picture holds: they are in the stack.
add_test(NAME "model_to_map: many images" COMMAND model_to_map --images 600 --voxel 1 --output ${work}/many_images)
add_test(NAME "model_to_map: an odd box" COMMAND model_to_map --box 81 --voxel 0.7 --blur 20 --output ${work}/odd_box)
set(atoms "${BRACEWELL_SHARED_DATA}/atoms")
if(EXISTS ${atoms})
  add_test(NAME "model_to_map: mmCIF" COMMAND model_to_map --model ${atoms}/cryojax_8zpm.cif --voxel 1.5 --images 4 --output ${work}/mmcif)
  add_test(NAME "model_to_map: ribosome" COMMAND model_to_map --model ${atoms}/powerfit-tutorial_30S_ribosome.pdb --voxel 3 --images 4
                                                 --output ${work}/ribosome)
endif()

add_test(NAME "fit_points: one target" COMMAND fit_points --points 3000 --views 4 --steps 120 --output ${work}/fit)
add_test(NAME "fit_points: given views" COMMAND fit_points --targets ${raster_data}/F_ring_128.png ${raster_data}/F_ring_128.png
                                                --points 500 --steps 20 --output ${work}/fit_given)

file(WRITE ${work}/bad/words.pdb "no atoms here\n")
file(WRITE ${work}/bad/words.cif "no data either\n")
file(WRITE ${work}/bad/words.png "no picture\n")
file(WRITE ${work}/bad/unknown_element.pdb
     "ATOM      1  QQ  UNK A   1      11.104   6.134  -6.504  1.00 10.00          Qq\n")
file(WRITE ${work}/bad/absent.pdb
     "ATOM      1  CA  ALA A   1      11.104   6.134  -6.504  0.00 10.00           C\n"
     "ATOM      2  CB  ALA A   1      12.104   6.134  -6.504  0.00 10.00           C\n")
file(WRITE ${work}/bad/large_b.pdb
     "ATOM      1  CA  ALA A   1      11.104   6.134  -6.504  1.00999.00           C\n")

function(test_raster_refusal program name words)
  set(output ${work}/refused/${program}/${name})
  add_test(NAME "${program} refuses: ${name}"
           COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DWORDS=${words} -P ${CMAKE_CURRENT_SOURCE_DIR}/refuses.cmake
                   -- $<TARGET_FILE:${program}> --output ${output} ${ARGN})
endfunction()
test_raster_refusal(model_to_map missing "missing.pdb: is not a file" --model ${work}/bad/missing.pdb)
test_raster_refusal(model_to_map words_pdb "has no atoms" --model ${work}/bad/words.pdb)
test_raster_refusal(model_to_map words_cif "is no PDB or mmCIF file" --model ${work}/bad/words.cif)
test_raster_refusal(model_to_map not_a_model "is no PDB or mmCIF file" --model ${raster_data}/F_ring_128.png)
test_raster_refusal(model_to_map unknown_element "no known element" --model ${work}/bad/unknown_element.pdb)
test_raster_refusal(model_to_map absent "all 2 have an occupancy of 0" --model ${work}/bad/absent.pdb)
test_raster_refusal(model_to_map large_b "larger --voxel" --model ${work}/bad/large_b.pdb --voxel 0.2)
test_raster_refusal(model_to_map large_box "larger --voxel" --voxel 0.06)
test_raster_refusal(model_to_map weights "weights" --weights mass)
test_raster_refusal(model_to_map voxel "voxel" --voxel -1)
test_raster_refusal(fit_points missing "missing.png: is not a file" --targets ${work}/bad/missing.png)
test_raster_refusal(fit_points words_png "is no PNG" --targets ${work}/bad/words.png)
test_raster_refusal(fit_points steps "steps" --steps 0)
