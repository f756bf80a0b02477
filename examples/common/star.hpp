// SPDX-License-Identifier: MIT
// STAR files as packages of electron microscopy write them: tables of rows, a row a line.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace examples {

/// A loop, or the key–value pairs of a block, which are a table of one row.
struct StarTable {
  std::string block;                 // of data_particles: particles
  std::vector<std::string> columns;  // without the underscore
  std::int64_t line = 0;             // of its loop_, or of its first pair; from 1
  std::int64_t rows = 0;

  /// −1 where there is none of that name.
  int column(std::string_view name) const;

  // Where its rows are in the text, from which line on; fields of pairs.
  std::size_t begin = 0, end = 0;
  std::int64_t first_line = 0;
  std::vector<std::string_view> pairs;
  std::vector<std::int64_t> pair_lines;
};

class StarFile;

/// A row while StarFile::rows calls. Fields have their quotes taken off.
class StarRow {
 public:
  std::string_view text(int column) const { return fields_[std::size_t(column)]; }

  /// A finite number.
  /// \throws std::runtime_error "FILE: line 12, _rlnAngleRot: 'nan', expected a finite number"
  double number(int column) const;

  /// A whole number from `least` to `most`; 1.000 is one.
  std::int64_t integer(int column, std::int64_t least, std::int64_t most) const;

  std::int64_t line() const { return line_; }

  [[noreturn]] void fail(int column, const std::string& expected) const;

 private:
  friend class StarFile;
  const StarFile* file_ = nullptr;
  const StarTable* table_ = nullptr;
  std::vector<std::string_view> fields_;
  std::int64_t line_ = 0;
};

/// A file of blocks data_NAME of loops and key–value pairs. Between rows comments and empty lines may be, lines may end as on Windows,
/// what follows a # at the beginning of a field is a comment, and fields in ' or " may have spaces. A row ends with its line: where it
/// has more or fewer fields than there are columns the file is damaged. A line of several fields is a row, whatever it begins with; one
/// that is a single _name, loop_ or data_NAME is no row. Not read, and refused: texts of several lines (;), save frames.
///
/// Holds the text; time and memory go with its length.
class StarFile {
 public:
  /// \throws std::runtime_error that names the file and the line
  StarFile(std::string path, std::string text);
  StarFile(const StarFile&) = delete;
  StarFile& operator=(const StarFile&) = delete;

  const std::string& path() const { return path_; }
  const std::vector<StarTable>& tables() const { return tables_; }

  /// The first table of a block that has a column, or any; nullptr where there is none.
  const StarTable* find(std::string_view block, std::string_view column = {}) const;

  /// visit(row) for every row in turn.
  /// \throws std::runtime_error that names the line where a row has too many or too few fields
  void rows(const StarTable& table, const std::function<void(const StarRow&)>& visit) const;

  [[noreturn]] void fail(std::int64_t line, const std::string& what) const;

 private:
  std::string path_, text_;
  std::vector<StarTable> tables_;
};

/// A piece of a file for a message: in quotes, of printable characters, not too long.
std::string in_quotes(std::string_view text);

/// The shortest decimals that are read back as the same double.
std::string exact(double value);

/// A field as STAR has it, in quotes where it needs them.
/// \throws std::runtime_error where there is no way to write it
std::string star_field(const std::string& text);

/// Reads all of `text` as a finite number; what is none leaves `value`.
bool read_number(std::string_view text, double& value);

}  // namespace examples
