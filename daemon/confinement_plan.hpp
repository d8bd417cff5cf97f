// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "daemon/command_rules.hpp"
#include "daemon/configuration.hpp"
#include "platform/confinement.hpp"

/// What the policy leaves a process to do, and so what it can do without. Decision 0022 tells why it is done in this
/// way.
namespace guestd::daemon {

/// What the commands need that the rules allow. Where one of them may touch any file or run any program, nothing can be
/// given up: Confinement::is_any() is false. `configuration` says which files the agent itself needs.
platform::Confinement plan_confinement(const Configuration& configuration, const CommandRules& rules);

/// Whether a process with the first one can do all that the second asks for.
[[nodiscard]] bool covers(const platform::Confinement& has, const platform::Confinement& wants);

/// Whether the needs of a family of commands have been written down.
[[nodiscard]] bool needs_are_known(std::string_view family);

/// A drop-in for guestd.service that lets systemd enclose a service of this profile as far as its commands allow.
std::string unit_drop_in(Profile profile);

}  // namespace guestd::daemon
