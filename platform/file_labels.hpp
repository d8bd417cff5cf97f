// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// What SELinux's policy says about the labels of new files. Thread-safe.
class FileLabels {
 public:
  virtual ~FileLabels() = default;
  /// The label (security context) that belongs to a path, whose file is of the type in `mode`; none where the policy
  /// has none, or where there is no SELinux.
  [[nodiscard]] virtual std::optional<std::string> label_for(const std::string& path, mode_t mode) const = 0;
};

/// The ones of this machine, by libselinux if it is there.
std::unique_ptr<const FileLabels> system_file_labels();

/// Gives an open file that was just made the label, unless the one which the kernel has given it is of the same type.
Result<void> set_label(int fd, const std::string& label);

/// The type of a label: `ssh_home_t` of `system_u:object_r:ssh_home_t:s0`.
std::string_view type_of_label(std::string_view label);

}  // namespace guestd::platform
