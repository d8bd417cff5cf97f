// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "client/copy/settings.hpp"
#include "client/copy/tar/entry.hpp"
#include "generated/agent/types.hpp"

/// Open files of the host.
namespace guestd::copy {

/// Writes all of it, at `offset` or to where the file stands; waits for a pipe that is full.
Result<void> write_all(int fd, std::span<const char> bytes, std::optional<std::int64_t> offset);

/// Where data is, in order, and within `size`.
std::vector<tar::Extent> data_of(int fd, std::int64_t size);

struct OwnerNames {
  std::string user;  ///< empty where this host has no name for the number
  std::string group;
};
OwnerNames names_of_owners(const struct stat& state);

/// Gives an open file or folder of the host the mode (without set-user-ID and set-group-ID), the times and, where this
/// runs as root and the settings wish it, the owner of one of the guest: by name if this host has it, else by number.
Result<void> set_attributes(int fd, const agent::GuestdFileStatus& status, const std::string& path,
                            const Settings& settings);

}  // namespace guestd::copy
