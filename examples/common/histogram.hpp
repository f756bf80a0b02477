// SPDX-License-Identifier: MIT
#pragma once

#include "picture.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

namespace examples {

struct Series {
  std::string name;
  std::vector<double> values;
  Colour colour;
};

/// How often values of each series fall into each third of a decade; `low` and `high`, powers of ten, take what lies beyond.
struct Histogram {
  std::string label;
  double low, high;
  std::vector<Series> series;
};

/// Panels side by side.
inline void save_histograms(const std::string& path, const std::string& title, const std::vector<Histogram>& panels) {
  const double width = 440, height = 420, left = 56, right = 16, top = 84, bottom = 62;
  Canvas canvas(int(width) * int(panels.size()), int(height));
  canvas.text(left, 28, title, 16);
  for (std::size_t i = 0; i < panels.size(); ++i) {
    const Histogram& panel = panels[i];
    const double x0 = double(i) * width + left, x1 = double(i + 1) * width - right, y0 = height - bottom;
    const int decades = int(std::lround(std::log10(panel.high / panel.low))), bins = 3 * decades;
    std::vector<std::vector<int>> counts;
    int most = 1;
    for (const Series& series : panel.series) {
      counts.emplace_back(bins, 0);
      for (const double v : series.values)
        ++counts.back()[std::clamp(int(std::floor(3 * std::log10(std::max(v, panel.low) / panel.low))), 0, bins - 1)];
      most = std::max(most, *std::max_element(counts.back().begin(), counts.back().end()));
    }
    int tick = 1;
    for (int decade = 1; most > 5 * tick; decade *= 10)
      for (const int digit : {1, 2, 5})
        if (most > 5 * tick) tick = digit * decade;
    const auto at_x = [&](double bin) { return x0 + bin / bins * (x1 - x0); };
    const auto at_y = [&](double count) { return y0 - count / (1.08 * most) * (y0 - top); };
    for (int c = 0; c <= most; c += tick) {
      canvas.line({{x0, at_y(c)}, {x1, at_y(c)}}, {0.88, 0.88, 0.9});
      canvas.text(x0 - 8, at_y(c) + 5, std::to_string(c), 13, Canvas::Align::right);
    }
    for (int d = 0; d <= decades; ++d) {
      char name[32];
      std::snprintf(name, sizeof name, "%g", panel.low * std::pow(10, d));
      canvas.line({{at_x(3 * d), y0}, {at_x(3 * d), y0 + 5}}, black);
      canvas.text(at_x(3 * d), y0 + 20, name, 13, Canvas::Align::centre);
    }
    const double bar = 0.84 / double(panel.series.size());
    for (std::size_t s = 0; s < panel.series.size(); ++s) {
      for (int b = 0; b < bins; ++b)
        if (counts[s][b] > 0)
          canvas.rectangle(at_x(b + 0.08 + double(s) * bar), at_y(counts[s][b]), at_x(bar) - x0, y0 - at_y(counts[s][b]),
                           panel.series[s].colour);
      const double key = x0 + double(s) * 110;
      canvas.rectangle(key, 48, 11, 11, panel.series[s].colour);
      canvas.text(key + 17, 58, panel.series[s].name, 13);
    }
    canvas.line({{x0, top - 10}, {x0, y0}, {x1, y0}}, black, 1.2);
    canvas.text((x0 + x1) / 2, height - 16, panel.label, 14, Canvas::Align::centre);
    canvas.text(double(i) * width + 18, (top + y0) / 2, "images", 14, Canvas::Align::centre, black, true);
  }
  canvas.save(path);
}

}  // namespace examples
