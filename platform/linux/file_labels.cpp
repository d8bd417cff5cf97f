// SPDX-License-Identifier: Apache-2.0
#include "platform/file_labels.hpp"

#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

#include "platform/linux/label_lookup.hpp"

namespace guestd::platform {

namespace {

constexpr const char* kLabelAttribute = "security.selinux";

class SystemFileLabels final : public FileLabels {
 public:
  [[nodiscard]] std::optional<std::string> label_for(const std::string& path, mode_t mode) const override {
    // Asked each time: SELinux may be there only after the agent, and the policy changes.
    if (::access("/sys/fs/selinux/enforce", F_OK) != 0) return std::nullopt;
    return look_up_label(path, mode);
  }
};

std::string label_of(int fd) {
  std::array<char, 4096> label{};
  const ssize_t size = ::fgetxattr(fd, kLabelAttribute, label.data(), label.size() - 1);
  return size > 0 ? std::string(label.data()) : std::string();
}

}  // namespace

std::unique_ptr<const FileLabels> system_file_labels() { return std::make_unique<SystemFileLabels>(); }

std::string_view type_of_label(std::string_view label) {
  for (int part = 0; part < 2; ++part) {
    const std::size_t colon = label.find(':');
    if (colon == std::string_view::npos) return {};
    label.remove_prefix(colon + 1);
  }
  return label.substr(0, label.find(':'));
}

Result<void> set_label(int fd, const std::string& label) {
  // The user part differs by who made the file and matters to nobody; restorecon(8) leaves it alone, too.
  if (type_of_label(label_of(fd)) == type_of_label(label)) return {};
  if (::fsetxattr(fd, kLabelAttribute, label.c_str(), label.size() + 1, 0) == 0) return {};
  if (errno == ENOTSUP) return {};  // a file system without labels
  return Error::from_errno("cannot set the SELinux label " + label, errno);
}

}  // namespace guestd::platform
