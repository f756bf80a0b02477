// SPDX-License-Identifier: MIT
// The bytes of a file, wherever they are in it and whether it is gzipped or not.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

struct gzFile_s;

namespace examples {

/// A file open for reading; what is gzipped, in any number of members, counts as unpacked. Holds a few hundred kB, whatever the
/// file's length. Not for several threads at once. Members throw std::runtime_error that names the file.
class Bytes {
 public:
  explicit Bytes(const std::string& path);

  const std::string& path() const { return path_; }

  /// No more bytes than these can be there: the file's length or, gzipped, 1032 times that, which is the most that deflate packs
  /// (zlib's technical details).
  std::int64_t at_most() const { return at_most_; }

  /// The number of bytes that there are, but for no more than `limit`; gzipped ones are counted by unpacking them.
  std::int64_t count(std::int64_t limit);

  /// `count` bytes from `offset` on. Going back in gzipped files means to unpack them anew.
  /// \throws also where the file ends before.
  void read(std::int64_t offset, void* to, std::int64_t count);

  /// All of them.
  std::string all();

  /// Throws what is wrong with the file.
  [[noreturn]] void fail(const std::string& what) const;

 private:
  struct Close {
    void operator()(gzFile_s* file) const;
  };

  std::string path_;
  std::unique_ptr<gzFile_s, Close> file_;
  bool packed_ = false;
  std::int64_t at_most_ = 0;

  std::int64_t read_some(std::int64_t offset, void* to, std::int64_t count);
};

}  // namespace examples
