// SPDX-License-Identifier: MIT
#include "bytes.hpp"

#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <new>
#include <stdexcept>
#include <vector>

namespace examples {

namespace {

constexpr std::int64_t block = 1 << 20;

}  // namespace

void Bytes::Close::operator()(gzFile_s* file) const { gzclose_r(file); }

void Bytes::fail(const std::string& what) const { throw std::runtime_error(path_ + ": " + what); }

Bytes::Bytes(const std::string& path) : path_(path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) fail("is not a file that can be read");
  const std::uintmax_t length = std::filesystem::file_size(path, error);
  if (error || length > std::uintmax_t(std::numeric_limits<std::int64_t>::max() / 1032)) fail("has no length that can be");
  file_.reset(gzopen(path.c_str(), "rb"));
  if (!file_) fail("cannot be opened");
  gzbuffer(file_.get(), 1 << 16);  // larger reads of plain files go past it
  packed_ = gzdirect(file_.get()) == 0;
  at_most_ = std::int64_t(length) * (packed_ ? 1032 : 1);
}

std::int64_t Bytes::read_some(std::int64_t offset, void* to, std::int64_t count) {
  std::int64_t done = 0;
  if (gztell(file_.get()) == offset || gzseek(file_.get(), z_off_t(offset), SEEK_SET) == offset)
    while (done < count) {
      const int got = gzread(file_.get(), static_cast<char*>(to) + done, unsigned(std::min(block, count - done)));
      if (got <= 0) break;
      done += got;
    }
  if (done < count) {
    int code = Z_OK;
    gzerror(file_.get(), &code);
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    if (code == Z_BUF_ERROR) fail("is truncated: its gzip ends early");
    if (code == Z_DATA_ERROR || code == Z_STREAM_ERROR) fail("is a damaged gzip");
    if (code != Z_OK) fail("cannot be read");
  }
  return done;
}

std::int64_t Bytes::count(std::int64_t limit) {
  if (!packed_) return std::min(at_most_, limit);
  std::vector<char> some(block);
  std::int64_t all = 0;
  while (all < limit) {
    const std::int64_t wanted = std::min(block, limit - all), got = read_some(all, some.data(), wanted);
    all += got;
    if (got < wanted) break;
  }
  return all;
}

void Bytes::read(std::int64_t offset, void* to, std::int64_t count) {
  if (read_some(offset, to, count) < count) fail("is truncated: it ends within bytes that were looked for");
}

std::string Bytes::all() {
  std::string text;
  for (std::int64_t got = block; got == block;) {
    text.resize(text.size() + block);
    got = read_some(std::int64_t(text.size()) - block, text.data() + text.size() - block, block);
    text.resize(text.size() - std::size_t(block - got));
  }
  return text;
}

}  // namespace examples
