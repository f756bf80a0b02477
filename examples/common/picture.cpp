// SPDX-License-Identifier: MIT
#include "picture.hpp"

#include "file.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace examples {

void set_contrast(std::vector<GreyImage>& images, double part) {
  std::vector<float> all;
  for (const auto& image : images) all.insert(all.end(), image.values.begin(), image.values.end());
  if (all.empty()) return;
  const auto at = [&](double fraction) {
    const auto place = all.begin() + std::ptrdiff_t(fraction * double(all.size() - 1));
    std::nth_element(all.begin(), place, all.end());
    return *place;
  };
  const float low = at(part), high = at(1 - part);
  for (auto& image : images) {
    image.low = low;
    image.high = high > low ? high : low + 1;
  }
}

Canvas::Canvas(int width, int height)
    : surface_(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height)), cairo_(cairo_create(surface_.get())) {
  cairo_set_source_rgb(cairo_.get(), 1, 1, 1);
  cairo_paint(cairo_.get());
}

void Canvas::use(Colour c) { cairo_set_source_rgb(cairo_.get(), c.red, c.green, c.blue); }

void Canvas::image(double x, double y, double width, double height, const GreyImage& image) {
  const std::unique_ptr<cairo_surface_t, Destroy> grey(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, image.width, image.height));
  cairo_surface_flush(grey.get());
  unsigned char* data = cairo_image_surface_get_data(grey.get());
  const int stride = cairo_image_surface_get_stride(grey.get());
  for (int i = 0; i < image.height; ++i)
    for (int j = 0; j < image.width; ++j) {
      const float value = (image.values[std::size_t(i) * image.width + j] - image.low) / (image.high - image.low);
      const std::uint32_t level = std::uint32_t(std::lround(255 * std::clamp(value, 0.0f, 1.0f))),
                          pixel = level << 16 | level << 8 | level;
      std::memcpy(data + i * stride + 4 * j, &pixel, 4);
    }
  cairo_surface_mark_dirty(grey.get());
  cairo_save(cairo_.get());
  cairo_translate(cairo_.get(), x, y);
  cairo_scale(cairo_.get(), width / image.width, height / image.height);
  cairo_set_source_surface(cairo_.get(), grey.get(), 0, 0);
  cairo_pattern_set_filter(cairo_get_source(cairo_.get()), CAIRO_FILTER_BEST);
  cairo_pattern_set_extend(cairo_get_source(cairo_.get()), CAIRO_EXTEND_PAD);
  cairo_rectangle(cairo_.get(), 0, 0, image.width, image.height);
  cairo_fill(cairo_.get());
  cairo_restore(cairo_.get());
}

void Canvas::text(double x, double y, const std::string& text, double size, Align align, Colour colour, bool upward) {
  use(colour);
  cairo_select_font_face(cairo_.get(), "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(cairo_.get(), size);
  cairo_text_extents_t extents;
  cairo_text_extents(cairo_.get(), text.c_str(), &extents);
  const double shift = align == Align::left ? 0 : align == Align::centre ? extents.x_advance / 2 : extents.x_advance;
  cairo_save(cairo_.get());
  cairo_move_to(cairo_.get(), x, y);
  if (upward) cairo_rotate(cairo_.get(), -M_PI / 2);
  cairo_rel_move_to(cairo_.get(), -shift, 0);
  cairo_show_text(cairo_.get(), text.c_str());
  cairo_restore(cairo_.get());
}

void Canvas::line(const std::vector<std::pair<double, double>>& points, Colour colour, double width, bool dashed) {
  use(colour);
  const double dash[] = {5, 4};
  cairo_set_dash(cairo_.get(), dash, dashed ? 2 : 0, 0);
  cairo_set_line_width(cairo_.get(), width);
  cairo_set_line_join(cairo_.get(), CAIRO_LINE_JOIN_ROUND);
  cairo_new_path(cairo_.get());
  for (const auto& [x, y] : points) cairo_line_to(cairo_.get(), x, y);
  cairo_stroke(cairo_.get());
}

void Canvas::rectangle(double x, double y, double width, double height, Colour colour) {
  use(colour);
  cairo_rectangle(cairo_.get(), x, y, width, height);
  cairo_fill(cairo_.get());
}

void Canvas::save(const std::string& path) const {
  write_whole(path, [&](const std::string& part) {
    const cairo_status_t status = cairo_surface_write_to_png(surface_.get(), part.c_str());
    if (status != CAIRO_STATUS_SUCCESS) throw std::runtime_error(cairo_status_to_string(status));
  });
}

void save_sheet(const std::string& path, const std::vector<GreyImage>& images, const std::vector<std::string>& captions,
                int columns, int size, const std::string& title) {
  const int gap = 8, caption = captions.empty() ? 0 : 20, head = 40, rows = int(images.size() + columns - 1) / columns;
  Canvas canvas(columns * (size + gap) + gap, head + rows * (size + caption + gap));
  canvas.text(gap, 26, title, 16);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const double x = gap + double(i % columns) * (size + gap), y = head + double(i / columns) * (size + caption + gap);
    canvas.image(x, y, size, size * double(images[i].height) / images[i].width, images[i]);
    if (i < captions.size()) canvas.text(x + size / 2.0, y + size + 15, captions[i], 12, Canvas::Align::centre, grey);
  }
  canvas.save(path);
}

void save_plot(const std::string& path, const std::string& title, const std::vector<Curve>& curves, const Axis& x,
               const Axis& y, const std::vector<std::pair<double, std::string>>& levels) {
  const double width = 760, height = 480, left = 78, right = 24, top = x.other_ticks.empty() ? 46 : 84, bottom = 62;
  Canvas canvas{int(width), int(height)};
  const auto fraction = [](const Axis& axis, double v) {
    return axis.logarithmic ? std::log(v / axis.low) / std::log(axis.high / axis.low)
                            : (v - axis.low) / (axis.high - axis.low);
  };
  const auto at_x = [&](double v) { return left + fraction(x, v) * (width - left - right); };
  const auto at_y = [&](double v) { return height - bottom - fraction(y, v) * (height - top - bottom); };
  const Colour faint{0.88, 0.88, 0.9};
  canvas.text(left, 28, title, 16);
  for (const auto& [v, name] : x.ticks) {
    canvas.line({{at_x(v), at_y(y.low)}, {at_x(v), at_y(y.high)}}, faint);
    canvas.text(at_x(v), height - bottom + 20, name, 13, Canvas::Align::centre);
  }
  for (const auto& [v, name] : y.ticks) {
    canvas.line({{at_x(x.low), at_y(v)}, {at_x(x.high), at_y(v)}}, faint);
    canvas.text(left - 8, at_y(v) + 5, name, 13, Canvas::Align::right);
  }
  for (const auto& [v, name] : x.other_ticks) canvas.text(at_x(v), top - 8, name, 13, Canvas::Align::centre);
  canvas.text((left + width - right) / 2, top - 28, x.other_label, 14, Canvas::Align::centre);
  canvas.line({{left, top}, {left, height - bottom}, {width - right, height - bottom}}, black, 1.2);
  canvas.text((left + width - right) / 2, height - 16, x.label, 14, Canvas::Align::centre);
  canvas.text(24, (top + height - bottom) / 2, y.label, 14, Canvas::Align::centre, black, true);
  for (const auto& [v, name] : levels) {
    canvas.line({{at_x(x.low), at_y(v)}, {at_x(x.high), at_y(v)}}, grey, 1, true);
    canvas.text(at_x(x.low) + 8, at_y(v) - 5, name, 12, Canvas::Align::left, grey);
  }
  double row = top + 14;
  for (const auto& curve : curves) {
    std::vector<std::pair<double, double>> points;
    for (std::size_t i = 0; i < curve.x.size(); ++i)
      points.emplace_back(at_x(std::clamp(curve.x[i], x.low, x.high)), at_y(std::clamp(curve.y[i], y.low, y.high)));
    canvas.line(points, curve.colour, 2.2);
    if (curves.size() > 1) {
      canvas.line({{width - right - 190, row - 4}, {width - right - 162, row - 4}}, curve.colour, 2.2);
      canvas.text(width - right - 154, row, curve.name, 13);
      row += 20;
    }
  }
  canvas.save(path);
}

}  // namespace examples
