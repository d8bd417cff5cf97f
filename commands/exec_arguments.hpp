// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "platform/processes.hpp"
#include "platform/root.hpp"

namespace guestd::commands {

/// An error names the first variable that is not of the form NAME=value.
Result<void> check_variables(const std::vector<std::string>& variables);

/// Where programs are looked for: PATH of the environment that the program gets, else that of the agent.
std::string search_path(const std::vector<std::string>& environment);

/// Whom a program runs as, and what it finds of that in its environment.
struct ExecUser {
  platform::Credentials credentials{};
  std::vector<std::string> variables{};  ///< HOME, USER and LOGNAME, if the user is known
  std::string name{};                    ///< that was said, if it is one
  bool group_is_foreign = false;         ///< the group is none of the user's own
};

/// Users and groups by name or number; a number need not be known if the other one is said too. Waits for the name
/// service. At least one of both is there.
Result<ExecUser> find_exec_user(const platform::Root& root, const std::optional<std::string>& user,
                                const std::optional<std::string>& group);

}  // namespace guestd::commands
