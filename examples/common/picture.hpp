// SPDX-License-Identifier: MIT
// Pictures and plots as PNG.
#pragma once

#include <cairo.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace examples {

struct Colour {
  double red, green, blue;
};
inline constexpr Colour black{0.1, 0.1, 0.12}, grey{0.55, 0.55, 0.58}, blue{0.12, 0.35, 0.72}, orange{0.85, 0.42, 0.1},
    green{0.13, 0.55, 0.3};

/// A grey image, y down, x fastest; from black at `low` to white at `high`.
struct GreyImage {
  int height, width;
  std::vector<float> values;
  float low, high;
};

/// Limits that leave out `part` of the values at either end, for images of one scale.
void set_contrast(std::vector<GreyImage>& images, double part = 0.001);

class Canvas {
 public:
  enum class Align { left, centre, right };

  /// White, in pixels.
  Canvas(int width, int height);

  void image(double x, double y, double width, double height, const GreyImage& image);
  void text(double x, double y, const std::string& text, double size, Align align = Align::left, Colour colour = black,
            bool upward = false);
  void line(const std::vector<std::pair<double, double>>& points, Colour colour, double width = 1, bool dashed = false);
  void rectangle(double x, double y, double width, double height, Colour colour);

  /// \throws std::runtime_error that names the file; it is written whole or not at all.
  void save(const std::string& path) const;

 private:
  struct Destroy {
    void operator()(cairo_surface_t* s) const { cairo_surface_destroy(s); }
    void operator()(cairo_t* c) const { cairo_destroy(c); }
  };
  std::unique_ptr<cairo_surface_t, Destroy> surface_;
  std::unique_ptr<cairo_t, Destroy> cairo_;

  void use(Colour colour);
};

/// Images in rows, each with its caption where there are captions.
void save_sheet(const std::string& path, const std::vector<GreyImage>& images, const std::vector<std::string>& captions,
                int columns, int size, const std::string& title);

struct Curve {
  std::string name;
  std::vector<double> x, y;
  Colour colour;
};

struct Axis {
  std::string label;
  double low, high;
  std::vector<std::pair<double, std::string>> ticks;
  bool logarithmic = false;
  std::string other_label = {};  // of a second scale on the opposite side; for the x axis
  std::vector<std::pair<double, std::string>> other_ticks = {};
};

/// Horizontal lines are drawn at `levels`, with their names.
void save_plot(const std::string& path, const std::string& title, const std::vector<Curve>& curves, const Axis& x,
               const Axis& y, const std::vector<std::pair<double, std::string>>& levels = {});

}  // namespace examples
