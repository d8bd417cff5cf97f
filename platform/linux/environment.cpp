// SPDX-License-Identifier: Apache-2.0
#include "platform/environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

extern char** environ;  // NOLINT(readability-identifier-naming): POSIX

namespace guestd::platform {
namespace {

constexpr std::array<std::string_view, 8> kOwnVariables = {"NOTIFY_SOCKET",  "LISTEN_FDS",   "LISTEN_PID",
                                                           "LISTEN_FDNAMES", "WATCHDOG_PID", "WATCHDOG_USEC",
                                                           "JOURNAL_STREAM", "INVOCATION_ID"};

}  // namespace

std::string_view variable_name(std::string_view variable) { return variable.substr(0, variable.find('=')); }

std::vector<std::string> child_environment(const std::vector<std::string>& additions) {
  std::vector<std::string> all = additions;
  for (char** own = environ; own != nullptr && *own != nullptr; ++own) {
    const std::string_view name = variable_name(*own);
    const auto is_same = [&](std::string_view other) { return variable_name(other) == name; };
    if (std::ranges::any_of(additions, is_same) || std::ranges::any_of(kOwnVariables, is_same)) continue;
    all.emplace_back(*own);
  }
  return all;
}

const char* find_variable(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string& variable : environment) {
    if (variable.size() > name.size() && variable[name.size()] == '=' && variable.starts_with(name)) {
      return variable.c_str() + name.size() + 1;
    }
  }
  return nullptr;
}

std::string own_search_path() {
  const char* path = std::getenv("PATH");
  return path != nullptr ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

std::vector<char*> c_strings(std::vector<std::string>& strings) {
  std::vector<char*> all;
  all.reserve(strings.size() + 1);
  for (std::string& text : strings) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

}  // namespace guestd::platform
