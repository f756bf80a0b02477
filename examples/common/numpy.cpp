// SPDX-License-Identifier: MIT
#include "numpy.hpp"

#include "star.hpp"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace examples {

namespace {

static_assert(std::endian::native == std::endian::little);

/// What Python writes as a literal: as much of it as is in headers.
struct Literal {
  enum Kind { text, number, truth, none, list, dictionary } kind = none;
  std::string letters;
  std::int64_t value = 0;
  std::vector<Literal> items;  // of a dictionary: key, value, key, value
};

class LiteralReader {
 public:
  LiteralReader(const NumpyArray& array, std::string_view from) : array_(array), from_(from) {}

  Literal read(int depth = 0) {
    if (depth > 8) fail("too deep a nest");
    skip();
    const char c = peek();
    Literal out;
    if (c == '\'' || c == '"') {
      out.kind = Literal::text;
      out.letters = text();
    } else if (c == '(' || c == '[') {
      out.kind = Literal::list;
      items(out, c == '(' ? ')' : ']', depth, false);
    } else if (c == '{') {
      out.kind = Literal::dictionary;
      items(out, '}', depth, true);
    } else if (word("True") || word("False")) {
      out.kind = Literal::truth;
      out.value = c == 'T';
    } else if (word("None")) {
    } else {
      out.kind = Literal::number;
      const auto [end, error] = std::from_chars(from_.data() + at_, from_.data() + from_.size(), out.value);
      if (error != std::errc()) fail("no value");
      at_ = std::size_t(end - from_.data());
    }
    return out;
  }

 private:
  const NumpyArray& array_;
  std::string_view from_;
  std::size_t at_ = 0;

  [[noreturn]] void fail(const char* what) const {
    array_.fail(std::string("its NumPy header has ") + what + " at " + in_quotes(from_.substr(std::min(at_, from_.size()))));
  }
  char peek() const { return at_ < from_.size() ? from_[at_] : '\0'; }
  void skip() {
    while (peek() == ' ' || peek() == '\n') ++at_;
  }
  bool word(std::string_view w) {
    if (from_.substr(at_, w.size()) != w) return false;
    at_ += w.size();
    return true;
  }
  std::string text() {
    const char quote = from_[at_++];
    std::string out;
    while (peek() != quote) {
      if (peek() == '\\') ++at_;  // names hold no other letters that Python escapes than \ and quotes
      if (at_ >= from_.size()) fail("a text that does not end");
      out += from_[at_++];
    }
    ++at_;
    return out;
  }
  void items(Literal& out, char end, int depth, bool keys) {
    ++at_;
    for (skip(); peek() != end; skip()) {
      out.items.push_back(read(depth + 1));
      skip();
      if (keys && out.items.size() % 2 == 1) {
        if (peek() != ':') fail("no value of a key");
        ++at_;
        continue;
      }
      if (peek() == ',')
        ++at_;
      else if (peek() != end)
        fail("no comma");
    }
    ++at_;
  }
};

std::int64_t product(const NumpyArray& array, const std::vector<std::int64_t>& factors, std::int64_t of = 1) {
  for (const std::int64_t factor : factors)
    if (factor < 0 || __builtin_mul_overflow(of, factor, &of))
      array.fail("its NumPy header tells of more values than any file has");
  return of;
}

std::vector<std::int64_t> extents(const NumpyArray& array, const Literal& of) {
  std::vector<std::int64_t> out;
  for (const Literal& item : of.items) {
    if (item.kind != Literal::number) array.fail("its NumPy header has a shape that is none");
    out.push_back(item.value);
  }
  if (of.kind == Literal::number) out.push_back(of.value);
  return out;
}

/// Of a dtype such as '<f4'.
NumpyField field_of(const NumpyArray& array, const std::string& name, const std::string& type) {
  NumpyField field;
  field.name = name;
  std::size_t at = 0;
  char order = '=';
  if (!type.empty() && std::strchr("<>|=", type[0])) order = type[at++];
  field.kind = at < type.size() ? type[at++] : '?';
  const auto [end, error] = std::from_chars(type.data() + std::min(at, type.size()), type.data() + type.size(), field.size);
  const bool counted = error == std::errc() && end == type.data() + type.size() && field.size >= 0 && field.size < (1 << 24);
  const auto of_size = [&](std::initializer_list<int> sizes) {
    return std::any_of(sizes.begin(), sizes.end(), [&](int size) { return size == field.size; });
  };
  if (type.find('O') != type.npos) array.fail("holds Python objects (" + in_quotes(name) + "), which are not read");
  const bool known =
      counted &&
      ((field.kind == 'f' && of_size({4, 8})) || ((field.kind == 'i' || field.kind == 'u') && of_size({1, 2, 4, 8})) ||
       (field.kind == 'b' && field.size == 1) || field.kind == 'S' || field.kind == 'U' || field.kind == 'V');
  if (!known) array.fail("has values " + in_quotes(name) + " of the type " + in_quotes(type) + ", which are not read");
  if (field.kind == 'U') field.size *= 4;
  field.swapped = order == '>';
  return field;
}

template <class T>
T value_at(const char* from, bool swapped) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, from, sizeof(T));
  if (swapped) std::reverse(bytes, bytes + sizeof(T));
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

}  // namespace

std::string NumpyField::description() const {
  return (count == 1 ? "one" : std::to_string(count)) + " of " + kind + std::to_string(kind == 'U' ? size / 4 : size);
}

void NumpyArray::fail(const std::string& what) const { throw std::runtime_error(path_ + ": " + what); }

NumpyArray::NumpyArray(std::string path, std::string bytes) : path_(std::move(path)), bytes_(std::move(bytes)) {
  if (bytes_.size() < 12 || bytes_.compare(0, 6, "\x93NUMPY") != 0) fail("is no NumPy file");
  const int version = bytes_[6];
  if (version < 1 || version > 3) fail("is a NumPy file of format version " + std::to_string(version) + "; 1 to 3 are read");
  const std::uint32_t length =
      version == 1 ? value_at<std::uint16_t>(&bytes_[8], false) : value_at<std::uint32_t>(&bytes_[8], false);
  data_ = (version == 1 ? 10 : 12) + std::int64_t(length);
  if (data_ > std::int64_t(bytes_.size())) fail("is truncated: it ends within its NumPy header");
  const std::string_view text = std::string_view(bytes_).substr(std::size_t(data_ - length), length);
  const Literal header = LiteralReader(*this, text).read();

  const Literal *type = nullptr, *shape = nullptr;
  for (std::size_t i = 0; header.kind == Literal::dictionary && i + 1 < header.items.size(); i += 2) {
    const std::string& key = header.items[i].letters;
    if (key == "descr") type = &header.items[i + 1];
    if (key == "shape") shape = &header.items[i + 1];
    if (key == "fortran_order") fortran_ = header.items[i + 1].value == 1;
  }
  if (!type || !shape || shape->kind != Literal::list) fail("its NumPy header lacks 'descr' or 'shape'");
  shape_ = extents(*this, *shape);

  if (type->kind == Literal::text) {
    fields_.push_back(field_of(*this, "", type->letters));
    row_bytes_ = fields_.back().size;
  } else {
    for (const Literal& member : type->items) {
      if (member.items.size() < 2 || member.items[0].kind != Literal::text || member.items[1].kind != Literal::text)
        fail("has rows of other things than numbers and texts, which are not read");
      NumpyField field = field_of(*this, member.items[0].letters, member.items[1].letters);
      if (member.items.size() > 2) field.count = product(*this, extents(*this, member.items[2]));
      field.offset = row_bytes_;
      if (__builtin_add_overflow(row_bytes_, product(*this, {field.count}, field.size), &row_bytes_))
        fail("its NumPy header tells of more values than any file has");
      if (field.kind != 'V') fields_.push_back(field);
    }
    if (shape_.size() != 1) fail("has rows along " + std::to_string(shape_.size()) + " axes; one is needed");
  }
  const std::int64_t told = product(*this, shape_, row_bytes_), there = std::int64_t(bytes_.size()) - data_;
  if (told > there)
    fail("is truncated: " + std::to_string(told) + " bytes of values are told of, and " + std::to_string(there) +
         " are there");
  if (row_bytes_ == 0 && product(*this, shape_) > 0) fail("has rows of nothing");
}

const NumpyField* NumpyArray::find(std::string_view name) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(), [&](const NumpyField& f) { return f.name == name; });
  return found == fields_.end() ? nullptr : &*found;
}

double NumpyArray::number(std::int64_t row, const NumpyField& field, std::int64_t i) const {
  const char* from = at(row, field, i);
  const bool s = field.swapped;
  switch (field.kind) {
    case 'f':
      return field.size == 8 ? value_at<double>(from, s) : double(value_at<float>(from, s));
    case 'i':
      return field.size == 8   ? double(value_at<std::int64_t>(from, s))
             : field.size == 4 ? value_at<std::int32_t>(from, s)
             : field.size == 2 ? value_at<std::int16_t>(from, s)
                               : value_at<std::int8_t>(from, s);
    default:
      return double(unsigned_integer(row, field));
  }
}

std::uint64_t NumpyArray::unsigned_integer(std::int64_t row, const NumpyField& field) const {
  const char* from = at(row, field, 0);
  const bool s = field.swapped;
  return field.size == 8   ? value_at<std::uint64_t>(from, s)
         : field.size == 4 ? value_at<std::uint32_t>(from, s)
         : field.size == 2 ? value_at<std::uint16_t>(from, s)
                           : value_at<std::uint8_t>(from, s);
}

std::string NumpyArray::text(std::int64_t row, const NumpyField& field) const {
  const char* from = at(row, field, 0);
  std::string out;
  if (field.kind == 'S') {
    out.assign(from, std::size_t(field.size));
  } else {
    for (std::int64_t i = 0; i < field.size; i += 4) {  // as UTF-8
      const std::uint32_t c = value_at<std::uint32_t>(from + i, field.swapped);
      if (c > 0x10ffff) fail("row " + std::to_string(row + 1) + ", " + in_quotes(field.name) + " is no text");
      if (c < 0x80) {
        out += char(c);
      } else if (c < 0x800) {
        out += {char(0xc0 | c >> 6), char(0x80 | (c & 63))};
      } else if (c < 0x10000) {
        out += {char(0xe0 | c >> 12), char(0x80 | (c >> 6 & 63)), char(0x80 | (c & 63))};
      } else {
        out += {char(0xf0 | c >> 18), char(0x80 | (c >> 12 & 63)), char(0x80 | (c >> 6 & 63)), char(0x80 | (c & 63))};
      }
    }
  }
  out.resize(std::min(out.size(), out.find_last_not_of('\0') + 1));
  return out;
}

std::vector<NumpyMember> read_npz(const std::string& path, const std::string& bytes) {
  const auto fail = [&](const std::string& what) { throw std::runtime_error(path + ": " + what); };
  const auto word = [&](std::size_t at) { return std::size_t(value_at<std::uint32_t>(&bytes[at], false)); };
  const auto half_word = [&](std::size_t at) { return std::size_t(value_at<std::uint16_t>(&bytes[at], false)); };
  // PKWARE's APPNOTE: the directory's end is 22 bytes and a comment before the end of the file.
  const std::size_t end = bytes.size() < 22 ? bytes.npos : bytes.rfind("PK\5\6", bytes.size() - 22);
  if (end == bytes.npos) fail("is truncated: a zip file without a directory");
  const std::size_t count = half_word(end + 10);
  std::size_t at = word(end + 16), unpacked = 0;
  std::vector<NumpyMember> members;
  for (std::size_t i = 0; i < count; ++i) {
    if (at > end || end - at < 46 || bytes.compare(at, 4, "PK\1\2") != 0) fail("is a damaged zip file");
    const std::size_t method = half_word(at + 10), packed = word(at + 20), size = word(at + 24), local = word(at + 42),
                      name_size = half_word(at + 28), next = at + 46 + name_size + half_word(at + 30) + half_word(at + 32);
    if (next > end) fail("is a damaged zip file");
    const std::string name = bytes.substr(at + 46, name_size);
    if (packed == 0xffffffff || size == 0xffffffff || local == 0xffffffff)
      fail("holds members of 4 GiB and more, which are not read");
    if (half_word(at + 8) & 1) fail("is encrypted");
    if (local > end || end - local < 30 || bytes.compare(local, 4, "PK\3\4") != 0) fail("is a damaged zip file");
    const std::size_t begin = local + 30 + half_word(local + 26) + half_word(local + 28);
    if (begin > end || packed > end - begin) fail("is a damaged zip file");
    if ((unpacked += size) > 1032 * bytes.size() + 1000)
      fail("is a damaged zip file: it unpacks to more than can be");  // deflate's most
    std::string content;
    if (method == 0 && packed == size) {
      content = bytes.substr(begin, size);
    } else if (method == 8) {
      if (size > 1032 * packed + 1000) fail("is a damaged zip file");
      content.resize(size);
      z_stream stream{};
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + begin));
      stream.avail_in = uInt(packed);
      stream.next_out = reinterpret_cast<Bytef*>(content.data());
      stream.avail_out = uInt(size);
      const bool whole =
          inflateInit2(&stream, -15) == Z_OK && inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_out == 0;
      inflateEnd(&stream);
      if (!whole) fail("is a damaged zip file: " + in_quotes(name) + " cannot be unpacked");
    } else {
      fail("packs " + in_quotes(name) + " by method " + std::to_string(method) + "; 0 and 8 are read");
    }
    const auto crc = crc32(0, reinterpret_cast<const Bytef*>(content.data()), uInt(content.size()));
    if (crc != word(at + 16)) fail("is a damaged zip file: " + in_quotes(name) + " has another checksum");
    members.push_back({name, NumpyArray(path, std::move(content))});
    at = next;
  }
  return members;
}

std::string npy_header(const std::string& description, std::size_t rows) {
  std::string text = "{'descr': " + description + ", 'fortran_order': False, 'shape': (" + std::to_string(rows) + ",), }";
  const int version = text.size() + 80 > 0xffff ? 2 : 1;
  const std::size_t before = version == 1 ? 10 : 12;
  text.append(63 - (before + text.size()) % 64, ' ') += '\n';  // values begin at a multiple of 64
  std::string out("\x93NUMPY", 6);
  out += {char(version), 0};
  for (std::size_t i = 0; i < before - 8; ++i) out += char(text.size() >> 8 * i & 255);
  return out + text;
}

}  // namespace examples
