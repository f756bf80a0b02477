// SPDX-License-Identifier: MIT
// Scratch memory of one call, in pieces.
#pragma once

#include <bracewell/detail/core/launch.hpp>
#include <bracewell/workspace.hpp>

#include <cstddef>
#include <cstdint>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Pieces of a Workspace, or else of memory of its own.
class Scratch {
 public:
  explicit Scratch(Workspace* workspace) : workspace_(workspace ? workspace : &own_) {}

  /// Reserves a piece, and returns where in the scratch it begins.
  template <class V>
  std::size_t add(std::int64_t count) {
    const std::size_t begin = size_;
    constexpr std::size_t line = 8;  // doubles
    size_ += (std::size_t(count) * sizeof(V) + sizeof(double) * line - 1) / (sizeof(double) * line) * line;
    return begin;
  }

  template <class Exec>
  void allocate(const Exec& exec) {
    data_ = workspace_->numbers(exec, size_).data();
  }

  /// After the last kernel that uses it was launched: memory of its own is kept until that has ended.
  template <class Exec>
  void release(const Exec& exec) const {
    if constexpr (!on_host<Exec>)
      if (workspace_ == &own_ && data_) exec.fence("bracewell: scratch without a Workspace is freed");
  }

  /// Where its memory is, for other scratch in its place.
  Workspace* workspace() const { return workspace_; }

  template <class V>
  V* at(std::size_t begin) const {
    return reinterpret_cast<V*>(data_ + begin);
  }

 private:
  Workspace own_;
  Workspace* workspace_;
  std::size_t size_ = 0;
  double* data_ = nullptr;
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
