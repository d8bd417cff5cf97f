// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/command_filter.hpp"
#include "daemon/policy.hpp"
#include "protocol/dispatch.hpp"

namespace guestd::daemon {

/// Which commands the policy lets the host run: the profile; the lists `allow` and `block` on top of it, where a
/// command that is named beats its family and `block` beats `allow`; and qemu-ga's lists, which only ever take away.
/// Immutable, so any thread may ask.
class CommandRules {
 public:
  /// Everything is allowed that `filter` allows.
  CommandRules(CommandFilter filter = {});
  CommandRules(const PolicyConfiguration& policy, CommandFilter filter);

  enum class Cause : std::uint8_t { kProfile, kAllow, kBlock, kAllowRpcs, kBlockRpcs };
  struct Decision {
    bool allowed = true;
    Cause cause = Cause::kProfile;
    std::string_view name{};  ///< what the list names: the command or its family
  };

  [[nodiscard]] Decision decide(const protocol::CommandEntry& entry) const;
  [[nodiscard]] bool allowed(const protocol::CommandEntry& entry) const {
    return allows_everything_ || decide(entry).allowed;
  }
  /// `profile=monitor`, `block: files`, `block-rpcs`.
  [[nodiscard]] std::string rule(const Decision& decision) const;
  [[nodiscard]] Profile profile() const { return profile_; }

 private:
  [[nodiscard]] Decision decide_by_policy(const protocol::CommandEntry& entry) const;

  Profile profile_ = Profile::kFull;
  std::vector<std::string> allow_;
  std::vector<std::string> block_;
  CommandFilter filter_;
  bool allows_everything_ = true;
};

/// For people: which commands the policy allows and why, and what it says about arguments. Lines, each with its end.
std::string policy_table(const PolicyConfiguration& policy, const CommandRules& rules);

}  // namespace guestd::daemon
