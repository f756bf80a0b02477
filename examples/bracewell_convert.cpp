// SPDX-License-Identifier: MIT
// Particles from the metadata of one package into those of another.
#include "common/command_line.hpp"
#include "common/particles.hpp"

#include <cstdio>
#include <filesystem>
#include <stdexcept>

using namespace examples;

namespace {

struct Settings {
  std::vector<std::string> inputs;
  std::string output;
  ParticleReading reading;
  bool cistem = false;
};

ParticleFormat format_of(const Settings& settings) {
  const std::string ending = std::filesystem::path(settings.output).extension().string();
  if (settings.cistem && ending != ".star")
    throw std::runtime_error("--cistem writes a .star file, and --o is " + settings.output);
  if (ending == ".star") return settings.cistem ? ParticleFormat::cistem : ParticleFormat::relion;
  if (ending == ".cs") return ParticleFormat::cryosparc;
  if (ending == ".csv") return ParticleFormat::cryodrgn;
  if (ending == ".tbl") return ParticleFormat::dynamo;
  throw std::runtime_error("--o is " + settings.output + ", expected a name that ends in .star, .cs, .csv or .tbl");
}

int convert(const Settings& settings) {
  const ParticleFormat format = format_of(settings);
  const Particles particles = read_particles(settings.inputs, settings.reading);
  for (const std::string& input : settings.inputs) {
    std::error_code none;
    if (std::filesystem::equivalent(input, settings.output, none)) throw std::runtime_error("--o is the input " + input);
  }
  write_particles(settings.output, particles, format);
  std::printf("read       %s, a %s: %zu particles, %zu optics group%s\n", particles.path.c_str(), particles.format.c_str(),
              particles.particles.size(), particles.groups.size(), particles.groups.size() == 1 ? "" : "s");
  for (const std::string& remark : particles.remarks) std::printf("not taken  %s\n", remark.c_str());
  std::string lost;
  for (const std::string& one : lost_in(format, particles)) lost += (lost.empty() ? "" : ", ") + one;
  if (!lost.empty()) std::printf("not said   %s\n", lost.c_str());
  std::printf("written    %s\n", settings.output.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{
      "Converts the metadata of particles between packages. Inputs are told by what they hold: STAR files of RELION 3.0 to "
      "5 and\n"
      "of cisTEM, .cs of cryoSPARC with its passthrough files behind it, poses of cryoDRGN as csv or npz, .tbl of Dynamo.\n"
      "What the output cannot say is told.",
      "bracewell_convert"};
  app.add_option("input", settings.inputs, "metadata; behind a .cs its passthrough files")->required();
  app.add_option(
         "--o", settings.output,
         "what to write, by its ending: .star of RELION 3.1, .cs of cryoSPARC, .csv of cryoDRGN's poses, .tbl of Dynamo")
      ->required();
  app.add_flag("--cistem", settings.cistem, "write a .star of cisTEM");
  app.add_option("--pixel", settings.reading.pixel, "pixel size in Å, where the input does not tell it")
      ->check(CLI::Range(0.01, 10000.0));
  app.add_option("--box", settings.reading.box, "box in pixels, where the input does not tell it")
      ->check(CLI::Range(1, 1 << 24));
  app.add_option("--stack", settings.reading.stack, "stack of the images, where the input does not name it");
  app.footer(
      "Examples:\n"
      "  bracewell_convert J42/particles.cs J42/passthrough.cs --o particles.star\n"
      "  bracewell_convert run_data.star --o particles.cs\n"
      "  bracewell_convert poses.csv --o poses.star --pixel 1.31 --box 128 --stack particles.mrcs\n"
      "  bracewell_convert crop.tbl --o subtomograms.star --pixel 2.62\n"
      "  bracewell_convert run_data.star --o particles.star --cistem   (in another folder)");
  return run_command(app, argc, argv, [&] { return convert(settings); });
}
