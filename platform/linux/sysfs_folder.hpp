// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// A folder of sysfs, whose thousands of entries are reached from its descriptor rather than from `/` each time.
/// Errors carry errno_value; their texts name nothing, because what the caller says of them is part of the protocol.
/// Thread-safe.
class SysfsFolder {
 public:
  static Result<SysfsFolder> open(const Root& root, const std::string& path);

  /// The numbers N of all entries `<prefix>N<suffix>`, in ascending order. Other entries are left out.
  [[nodiscard]] Result<std::vector<std::uint64_t>> numbers(std::string_view prefix, std::string_view suffix = {}) const;
  /// What a file says, without the line's end. Only its first 255 bytes: files of sysfs that tell a state are short.
  [[nodiscard]] Result<std::string> read(const std::string& name) const;
  /// Whether there is something of this name.
  [[nodiscard]] bool has(const std::string& name) const;

 private:
  explicit SysfsFolder(UniqueFd folder) : folder_(std::move(folder)) {}

  UniqueFd folder_;
};

}  // namespace guestd::platform
