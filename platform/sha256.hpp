// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/result.hpp"

namespace guestd::platform {

/// SHA-256 (FIPS 180-4) by libnettle, which is opened with the first of these (docs/decisions/0013). Bytes go in piece
/// by piece. One thread at a time.
class Sha256 {
 public:
  /// Kind::kUnsupported where the guest does not have the library.
  static Result<Sha256> create();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  void add(std::span<const std::byte> bytes);
  /// 64 hexadecimal digits. It begins anew afterwards.
  [[nodiscard]] std::string finish();

 private:
  struct State;
  explicit Sha256(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace guestd::platform
