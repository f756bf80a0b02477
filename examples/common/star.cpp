// SPDX-License-Identifier: MIT
#include "star.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <unordered_set>
#include <utility>

namespace examples {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

/// Lines of a text one after another, and their fields.
class Lines {
 public:
  Lines(std::string_view text, std::size_t begin, std::size_t end, std::int64_t line)
      : text_(text.substr(0, end)), next_(begin), line_(line - 1) {}

  /// Goes to the next line that is neither empty nor a comment.
  bool next() {
    while (next_ < text_.size()) {
      begin_ = next_;
      end_ = std::min(text_.find('\n', begin_), text_.size());
      next_ = end_ + 1;
      ++line_;
      at_ = begin_;
      skip_space();
      if (at_ < end_ && text_[at_] != '#') return true;
    }
    return false;
  }

  std::int64_t line() const { return line_; }
  std::size_t begin() const { return begin_; }
  char first() const { return text_[at_]; }

  /// The next field of this line; none at its end or a comment. `open` says that a quote is not closed.
  std::optional<std::string_view> field(bool& open) {
    skip_space();
    if (at_ >= end_ || text_[at_] == '#') return {};
    const std::size_t start = at_;
    const char quote = text_[start];
    if (quote == '"' || quote == '\'') {  // closed by a quote before white space
      for (at_ = start + 1; at_ < end_; ++at_)
        if (text_[at_] == quote && (at_ + 1 == end_ || is_space(text_[at_ + 1]))) {
          ++at_;
          return text_.substr(start + 1, at_ - start - 2);
        }
      open = true;
      return {};
    }
    while (at_ < end_ && !is_space(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

 private:
  std::string_view text_;
  std::size_t begin_ = 0, end_ = 0, at_ = 0, next_;
  std::int64_t line_;

  void skip_space() {
    while (at_ < end_ && is_space(text_[at_])) ++at_;
  }
};

void fields_of(const StarFile& file, Lines& lines, std::vector<std::string_view>& fields) {
  fields.clear();
  bool open = false;
  while (const auto field = lines.field(open)) fields.push_back(*field);
  if (open) file.fail(lines.line(), "a quote that is opened and not closed");
}

}  // namespace

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  std::size_t most = 60;
  while (text.size() > most && most > 50 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80)
    --most;  // within a letter
  for (const char c : text.substr(0, most)) out += static_cast<unsigned char>(c) < 32 || c == 127 ? '?' : c;
  return out + (text.size() > most ? "…'" : "'");
}

std::string exact(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::string star_field(const std::string& text) {
  const auto plain = [](char c) { return !is_space(c) && c != '\n' && c != '\0'; };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain) && std::string("#'\";").find(text.front()) == text.npos)
    return text;
  for (const char quote : {'"', '\''})
    if (text.find_first_of(std::string{quote, '\n', '\0'}) == text.npos) return quote + text + quote;
  throw std::runtime_error("no STAR file can hold " + in_quotes(text));
}

bool read_number(std::string_view text, double& value) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  double read = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
  if (text.empty() || end != text.data() + text.size() || error == std::errc::invalid_argument) return false;
  if (error == std::errc::result_out_of_range) read = std::strtod(std::string(text).c_str(), nullptr);  // 1e-400 is 0
  if (!std::isfinite(read)) return false;
  value = read;
  return true;
}

int StarTable::column(std::string_view name) const {
  const auto found = std::find(columns.begin(), columns.end(), name);
  return found == columns.end() ? -1 : int(found - columns.begin());
}

void StarRow::fail(int column, const std::string& expected) const {
  file_->fail(table_->pairs.empty() ? line_ : table_->pair_lines[std::size_t(column)],
              "_" + table_->columns[std::size_t(column)] + " is " + in_quotes(text(column)) + ", expected " + expected);
}

double StarRow::number(int column) const {
  double value = 0;
  if (!read_number(text(column), value)) fail(column, "a finite number");
  return value;
}

std::int64_t StarRow::integer(int column, std::int64_t least, std::int64_t most) const {
  double value = 0;
  if (!read_number(text(column), value) || value != std::floor(value) || !(value >= double(least) && value <= double(most)))
    fail(column, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::int64_t(value);
}

void StarFile::fail(std::int64_t line, const std::string& what) const {
  throw std::runtime_error(path_ + ": line " + std::to_string(line) + ": " + what);
}

const StarTable* StarFile::find(std::string_view block, std::string_view column) const {
  for (const StarTable& table : tables_)
    if (table.block == block && (column.empty() || table.column(column) >= 0)) return &table;
  return nullptr;
}

StarFile::StarFile(std::string path, std::string text) : path_(std::move(path)), text_(std::move(text)) {
  enum class In { nothing, block, pairs, labels, rows } in = In::nothing;
  Lines lines(text_, text_.rfind("\xef\xbb\xbf", 0) == 0 ? 3 : 0, text_.size(), 1);
  std::string block;
  std::vector<std::string_view> fields;
  std::unordered_set<std::string_view> names;  // of the columns of the last table
  const auto name_column = [&](std::string_view label) {
    if (!names.insert(label).second) fail(lines.line(), "a second column " + in_quotes(label) + " in one table");
    tables_.back().columns.emplace_back(label.substr(1));
  };
  const auto begin_table = [&] {
    names.clear();
    tables_.push_back({});
    tables_.back().block = block;
    tables_.back().line = lines.line();
  };
  const auto end_rows = [&] {
    if (in == In::labels || in == In::rows) {
      if (tables_.back().columns.empty()) fail(lines.line(), "a loop_ without columns before it");
      if (in == In::labels) tables_.back().begin = lines.begin();
      tables_.back().end = lines.begin();
    }
  };
  while (lines.next()) {
    const char first = lines.first();
    // The fields of rows are looked at when they are needed; only these can be something else.
    if (in == In::rows && first != '_' && first != 'd' && first != 'l' && first != ';' && first != 's') {
      ++tables_.back().rows;
      continue;
    }
    fields_of(*this, lines, fields);
    const std::string_view head = fields.front();
    const bool single = fields.size() == 1, bare = first != '"' && first != '\'';
    if (bare && single && head.rfind("data_", 0) == 0) {
      end_rows();
      block = head.substr(5);
      in = In::block;
    } else if (in == In::nothing) {
      fail(lines.line(), in_quotes(head) + " before any data_ block");
    } else if (bare && single && head == "loop_") {
      end_rows();
      begin_table();
      in = In::labels;
    } else if (bare && first == ';' && lines.begin() < text_.size() && text_[lines.begin()] == ';') {
      fail(lines.line(), "a text of several lines (;), which is not read");
    } else if (bare && single && (head.rfind("save_", 0) == 0 || head == "global_" || head == "stop_")) {
      fail(lines.line(), in_quotes(head) + ", which is not read");
    } else if (bare && first == '_' && in == In::labels && single) {
      name_column(head);
    } else if (in == In::labels || in == In::rows) {
      StarTable& table = tables_.back();
      if (in == In::rows && bare && first == '_' && single && table.columns.size() > 1)
        fail(lines.line(), "a column " + in_quotes(head) + " after rows");
      if (in == In::labels) {
        table.begin = lines.begin();
        table.first_line = lines.line();
        in = In::rows;
        if (table.columns.empty()) fail(lines.line(), in_quotes(head) + ", expected the _columns of loop_");
      }
      ++table.rows;
    } else if (bare && first == '_') {
      if (in == In::block) begin_table();
      in = In::pairs;
      if (fields.size() != 2)
        fail(lines.line(),
             in_quotes(head) + (single ? " has no value" : " has several values") + ", and no loop_ is before it");
      name_column(head);
      tables_.back().pairs.push_back(fields[1]);
      tables_.back().pair_lines.push_back(lines.line());
      tables_.back().rows = 1;
    } else {
      fail(lines.line(), in_quotes(head) + ", expected a _name, loop_ or data_");
    }
  }
  if (in == In::labels && tables_.back().columns.empty()) fail(lines.line(), "the file ends after loop_: it is truncated");
  if (in == In::labels) tables_.back().begin = text_.size();
  if (in == In::labels || in == In::rows) tables_.back().end = text_.size();
}

void StarFile::rows(const StarTable& table, const std::function<void(const StarRow&)>& visit) const {
  StarRow row;
  row.file_ = this;
  row.table_ = &table;
  if (!table.pairs.empty()) {
    row.fields_ = table.pairs;
    row.line_ = table.line;
    return visit(row);
  }
  Lines lines(text_, table.begin, table.end, table.first_line);
  while (lines.next()) {
    fields_of(*this, lines, row.fields_);
    if (row.fields_.size() != table.columns.size())
      fail(lines.line(), std::to_string(row.fields_.size()) + (row.fields_.size() == 1 ? " field" : " fields") +
                             " in a row, expected " + std::to_string(table.columns.size()) + ", the columns of data_" +
                             table.block + " (line " + std::to_string(table.line) + ")");
    row.line_ = lines.line();
    visit(row);
  }
}

}  // namespace examples
