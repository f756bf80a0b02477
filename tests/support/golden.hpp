// SPDX-License-Identifier: MIT
// The golden cases of tests/data. An array there is {shape, complex, data}, complex numbers as pairs.
#pragma once

#include "arrays.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace support {

class Golden {
 public:
  explicit Golden(const std::filesystem::path& path) : name(path.stem().string()) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot read " + path.string());
    json_ = nlohmann::json::parse(file);
  }

  /// All whose file name begins so.
  static std::vector<Golden> all(const std::string& prefix) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(BRACEWELL_TEST_DATA))
      if (entry.path().filename().string().rfind(prefix, 0) == 0) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    return {paths.begin(), paths.end()};
  }

  std::string name;

  template <class T>
  T get(const char* key) const {
    return json_.at(key).get<T>();
  }

  std::vector<double> real(const char* key) const { return json_.at(key).at("data").get<std::vector<double>>(); }

  std::vector<std::complex<double>> complex(const char* key) const {
    const auto pairs = real(key);
    std::vector<std::complex<double>> values;
    for (std::size_t i = 0; i < pairs.size(); i += 2) values.emplace_back(pairs[i], pairs[i + 1]);
    return values;
  }

  std::vector<long> shape(const char* key) const { return json_.at(key).at("shape").get<std::vector<long>>(); }

 private:
  nlohmann::json json_;
};

}  // namespace support
