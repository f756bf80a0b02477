# SPDX-License-Identifier: MIT
# bracewell_convert: from format to format and back, and what it refuses.
set(particles ${work}/particles)
set(columns "_rlnImageName\n_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n_rlnOriginXAngst\n_rlnOriginYAngst\n_rlnDefocusU\n_rlnDefocusV\n_rlnDefocusAngle\n")
set(optics "data_optics\n_rlnOpticsGroup 1\n_rlnImagePixelSize 1.5\n_rlnImageSize 64\n_rlnVoltage 300\n_rlnSphericalAberration 2.7\n_rlnAmplitudeContrast 0.1\n")
set(row "1@a.mrcs 10 20 30 1.5 -3 12000 11000 45\n")
file(WRITE ${particles}/good.star "${optics}\ndata_particles\nloop_\n${columns}${row}")
file(WRITE ${particles}/nan.star "${optics}\ndata_particles\nloop_\n${columns}${row}2@a.mrcs 10 nan 30 1.5 -3 12000 11000 45\n")
file(WRITE ${particles}/short.star "${optics}\ndata_particles\nloop_\n${columns}${row}2@a.mrcs 10 20 30 1.5\n")
file(WRITE ${particles}/contradicts.star "data_\nloop_\n_rlnMagnification\n_rlnDetectorPixelSize\n_rlnPixelSize\n10000 1.5 3\n")
file(WRITE ${particles}/twice.star "data_\nloop_\n_rlnAngleRot\n_rlnAngleRot\n10 20\n")
file(WRITE ${particles}/empty.star "${optics}\ndata_particles\nloop_\n${columns}\n")
file(WRITE ${particles}/unknown.xmd "data_noname\nloop_\n_image\n_angleRot\na 10\n")
file(WRITE ${particles}/words.txt "These are no particles.\n")
file(WRITE ${particles}/poses.csv "1,0,0,0,1,0,0,0,1,0.25,0\n")

# Every format, and the last is what the first was.
add_test(NAME "bracewell_convert: there and back"
         COMMAND sh -c "\"$1\" good.star --o a.cs && \"$1\" a.cs --o b.star && \"$1\" b.star --o c.star --cistem && \"$1\" c.star --o d.star \
&& \"$1\" d.star --o e.csv --box 64 && \"$1\" e.csv --o f.star --pixel 1.5 --box 64 --stack a.mrcs \
&& grep -E '^000001@a.mrcs (10|9.9999)[0-9.]* (20|19.9999)[0-9.]* (30|29.9999)[0-9.]* (1.5|1.4999)[0-9.]* -(3|2.9999)[0-9.]* 1$' f.star"
                 sh $<TARGET_FILE:bracewell_convert>
         WORKING_DIRECTORY ${particles})
add_test(NAME "bracewell_convert: says what is lost" COMMAND bracewell_convert good.star --o lost.csv WORKING_DIRECTORY ${particles})
set_tests_properties("bracewell_convert: says what is lost" PROPERTIES PASS_REGULAR_EXPRESSION
                     "not said   image names, pixel size, box size, voltage, spherical aberration, amplitude contrast, defocus\n")
add_test(NAME "bracewell_convert: help" COMMAND bracewell_convert --help)
set_tests_properties("bracewell_convert: help" PROPERTIES PASS_REGULAR_EXPRESSION "--o TEXT.*Examples:")

function(test_convert_refusal name words)
  set(output ${work}/refused/convert_${name})
  list(TRANSFORM ARGN REPLACE "^OUTPUT/" "${output}/")
  add_test(NAME "bracewell_convert refuses: ${name}"
           COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DWORDS=${words} -P ${CMAKE_CURRENT_SOURCE_DIR}/refuses.cmake
                   -- $<TARGET_FILE:bracewell_convert> ${ARGN})
endfunction()
file(MAKE_DIRECTORY ${work}/refused)
foreach(case "missing.star|is not a file that can be read" "nan.star|nan.star: line 21: _rlnAngleTilt is 'nan', expected a finite number"
             "short.star|line 21: 5 fields in a row, expected 9" "empty.star|line 10: data_particles has no rows, and no particles"
             "contradicts.star|line 6: two pixel sizes, 3 Å and, by rlnMagnification and rlnDetectorPixelSize, 1.5 Å"
             "twice.star|line 4: a second column '_rlnAngleRot' in one table"
             "unknown.xmd|of neither RELION .* but of columns '_image, _angleRot'" "words.txt|is no metadata that is known"
             "poses.csv|line 1: a translation, and no pixel size is told. give one by --pixel")
  string(REPLACE "|" ";" case "${case}")
  list(GET case 0 file)
  list(GET case 1 words)
  test_convert_refusal(${file} ${words} ${particles}/${file} --o ${work}/refused/convert_${file}/out.star)
endforeach()
test_convert_refusal(ending "expected a name that ends in .star, .cs, .csv or .tbl" ${particles}/good.star --o OUTPUT/out.txt)
test_convert_refusal(cistem "--cistem writes a .star file" ${particles}/good.star --o OUTPUT/out.cs --cistem)
test_convert_refusal(itself "--o is the input" ${particles}/good.star --o ${particles}/good.star)
test_convert_refusal(images "Dynamo has subtomograms, and these are images" ${particles}/good.star --o OUTPUT/out.tbl)
test_convert_refusal(pixel "tells a pixel size of 1.5 Å, but --pixel is 2" ${particles}/good.star --o OUTPUT/out.star --pixel 2)
test_convert_refusal(folder "cannot write" ${particles}/good.star --o OUTPUT/no/folder/out.star)
