// SPDX-License-Identifier: MIT
// Writes metadata of particles for the fuzzer to begin with: particle_seeds FOLDER
#include "../examples/particle_files.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: particle_seeds FOLDER\n";
    return 2;
  }
  std::filesystem::create_directories(argv[1]);
  int number = 0;
  const auto save = [&](const std::string& text) {
    std::ofstream(std::filesystem::path(argv[1]) / ("seed_" + std::to_string(number++)), std::ios::binary) << text;
  };
  for (const std::string& text : {files::relion_31, files::relion_30, files::cistem, files::dynamo, files::passthrough()})
    save(text);
  for (const int version : {1, 2, 3})
    for (const bool big_endian : {false, true}) save(files::cryosparc(version, big_endian));
  save(
      "data_optics\n_rlnOpticsGroup 1\n_rlnImagePixelSize 2.0\n_rlnImageDimensionality "
      "3\n\ndata_particles\nloop_\n_rlnOriginX\n_rlnOriginY\n"
      "_rlnOriginZ\n_rlnImageName\n_rlnTomoName\n# none\n1 2 3 'a b@c.mrc:mrcs' \"x\"\n");
  save("R00,R01,R02,R10,R11,R12,R20,R21,R22,t0,t1\n0,1,0,-1,0,0,0,0,1,0,0\n");
  save("# R\n0,1,0,-1,0,0,0,0,1,0.5,0\n");
  std::string rotations, zeros(16, '\0'), ctf;
  for (const double value : {0., 1., 0., -1., 0., 0., 0., 0., 1.}) rotations += files::bytes_of(value);
  for (const float value : {50.f, 2.f, 9000.f, 8000.f, 30.f, 300.f, 2.7f, 0.1f, 0.f}) ctf += files::bytes_of(value);
  const std::string array = files::npy("'<f8'", "(1, 3, 3)", rotations);
  save(array);
  for (const bool packed : {false, true})
    save(files::zip({{"arr_0.npy", array},
                     {"arr_1.npy", files::npy("'<f8'", "(1, 2)", zeros, 2, true)},
                     {"ctf.npy", files::npy("'<f4'", "(1, 9)", ctf)}},
                    packed));
}
