// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"

namespace guestd::copy {

/// SHA-256 by libnettle, which is opened when it is needed.
class Sha256 {
 public:
  /// Nothing where this host does not have the library.
  static std::unique_ptr<Sha256> create();
  ~Sha256();

  void add(std::span<const char> bytes);
  /// 64 hexadecimal digits.
  std::string finish();

 private:
  struct State;
  explicit Sha256(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Of the first `length` bytes of a file that can be sought in; fewer at its end. Nothing without the library.
Result<std::optional<std::string>> sha256_of(int fd, std::int64_t length);

}  // namespace guestd::copy
