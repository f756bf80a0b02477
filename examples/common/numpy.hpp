// SPDX-License-Identifier: MIT
// NumPy's files: .npy, structured or not, of format versions 1 to 3, and .npz.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace examples {

/// A member of each row, or the elements themselves, which have no name.
struct NumpyField {
  std::string name;
  char kind = 'f';        // f, i, u, b (truth values), S (bytes), U (letters of 4 bytes)
  std::int64_t size = 0;  // bytes of one
  std::int64_t offset = 0, count = 1;
  bool swapped = false;

  bool is_number() const { return kind == 'f' || kind == 'i' || kind == 'u' || kind == 'b'; }
  std::string description() const;  // "3 of f4"
};

/// An array of one axis of rows, or of any axes of elements. Objects (pickles) are refused. Messages name the file.
class NumpyArray {
 public:
  /// \param bytes: those of a .npy file; what the array holds is copied no more than once
  NumpyArray(std::string path, std::string bytes);

  const std::string& path() const { return path_; }
  const std::vector<std::int64_t>& shape() const { return shape_; }
  const std::vector<NumpyField>& fields() const { return fields_; }
  bool fortran() const { return fortran_; }

  /// nullptr where there is none of that name.
  const NumpyField* find(std::string_view name) const;

  double number(std::int64_t row, const NumpyField& field, std::int64_t i = 0) const;
  std::uint64_t unsigned_integer(std::int64_t row, const NumpyField& field) const;
  std::string text(std::int64_t row, const NumpyField& field) const;

  [[noreturn]] void fail(const std::string& what) const;

 private:
  std::string path_, bytes_;
  std::int64_t data_ = 0, row_bytes_ = 0;
  std::vector<std::int64_t> shape_;
  std::vector<NumpyField> fields_;
  bool fortran_ = false;

  const char* at(std::int64_t row, const NumpyField& field, std::int64_t i) const {
    return bytes_.data() + data_ + row * row_bytes_ + field.offset + i * field.size;
  }
};

/// The arrays in a .npz, packed or not; `name` is that of the file's member.
struct NumpyMember {
  std::string name;
  NumpyArray array;
};
std::vector<NumpyMember> read_npz(const std::string& path, const std::string& bytes);

/// The beginning of a .npy file of rows: `description` is its dtype in Python.
std::string npy_header(const std::string& description, std::size_t rows);

}  // namespace examples
