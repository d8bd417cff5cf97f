// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "platform/identity.hpp"

namespace guestd::support {

/// Changes nothing: records what was asked for, and fails where a test says so. It draws the bytes 0, 1, 2 and so on.
/// Thread-safe.
class FakeIdentity final : public platform::Identity {
 public:
  /// `call` is `add`, `reseed`, `draw` or `id`.
  void fail(const std::string& call, int error) {
    const std::lock_guard lock(mutex_);
    errors_[call] = error;
  }
  /// `add 8 bytes, 64 bits`, `reseed`, `id <id>`; draws are left out.
  [[nodiscard]] std::vector<std::string> log() const {
    const std::lock_guard lock(mutex_);
    return log_;
  }

  Result<void> add_entropy(std::span<const std::byte> bytes, int credited_bits) override {
    return note("add", "add " + std::to_string(bytes.size()) + " bytes, " + std::to_string(credited_bits) + " bits");
  }
  Result<void> reseed() override { return note("reseed", "reseed"); }
  Result<std::array<std::byte, 16>> draw() override {
    const std::lock_guard lock(mutex_);
    if (const int error = errors_["draw"]) return Error::from_errno("cannot draw random numbers", error);
    std::array<std::byte, 16> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::byte>(i);
    return numbers;
  }
  Result<void> replace_machine_id(const std::string& id) override { return note("id", "id " + id); }

 private:
  Result<void> note(const std::string& call, std::string line) {
    const std::lock_guard lock(mutex_);
    if (const int error = errors_[call]) return Error::from_errno("cannot " + call, error);
    log_.push_back(std::move(line));
    return {};
  }

  mutable std::mutex mutex_;
  std::map<std::string, int> errors_;
  std::vector<std::string> log_;
};

}  // namespace guestd::support
