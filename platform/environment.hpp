// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace guestd::platform {

/// The name in `NAME=value`; all of it if there is no sign.
std::string_view variable_name(std::string_view variable);

/// The environment of a program that the agent starts: the agent's own variables without those that the service manager
/// meant for the agent alone (sd_notify(3), sd_listen_fds(3)), and `additions`, which replace those of the same name.
std::vector<std::string> child_environment(const std::vector<std::string>& additions);

/// The value of a variable in an environment; null if it is not there.
const char* find_variable(const std::vector<std::string>& environment, std::string_view name);

/// Where the agent looks for programs: its PATH, or the usual one if it has none.
std::string own_search_path();

/// For execve(2): the strings, which stay where they are, and a null at the end.
std::vector<char*> c_strings(std::vector<std::string>& strings);

}  // namespace guestd::platform
