// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// The name of a number, or the number of a name, in the text of /etc/passwd or /etc/group: both have the name in the
/// first field and the number in the third. Lines that are none are passed over.
std::optional<std::string> name_of_id(std::string_view text, std::uint32_t id);
std::optional<std::uint32_t> id_of_name(std::string_view text, std::string_view name);

/// Names of users and groups. On the machine itself they come from the name service, which may wait for a network, in a
/// fixture from its files. Each number is asked for once: one object serves one listing. One thread at a time.
class AccountNames {
 public:
  /// `root` outlives this.
  explicit AccountNames(const Root& root) : root_(root) {}

  /// None if there is none, or nobody could tell.
  const std::optional<std::string>& user(std::uint32_t uid);
  const std::optional<std::string>& group(std::uint32_t gid);

  [[nodiscard]] Result<std::optional<std::uint32_t>> find_user(const std::string& name) const;
  [[nodiscard]] Result<std::optional<std::uint32_t>> find_group(const std::string& name) const;

 private:
  using Names = std::unordered_map<std::uint32_t, std::optional<std::string>>;

  const Root& root_;
  Names users_;
  Names groups_;
};

}  // namespace guestd::platform
