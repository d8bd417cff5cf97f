// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <ctime>
#include <string>
#include <vector>

#include "client/main/ask.hpp"
#include "client/main/verbs.hpp"
#include "client/terminal/table.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::guestctl {
namespace {

std::string when_text(double seconds) {
  constexpr double kFar = 1e15;
  std::tm parts{};
  if (!(std::abs(seconds) < kFar)) return "-";
  const auto when = static_cast<std::time_t>(seconds);
  if (::localtime_r(&when, &parts) == nullptr) return "-";
  char text[64];
  const std::size_t size = std::strftime(text, sizeof text, "%F %T", &parts);
  return {text, size};
}

std::string users_table(const std::vector<agent::GuestUser>& users, const Context& context) {
  terminal::Table table({{"USER"}, {"LOGGED IN SINCE"}});
  for (const auto& user : users) {
    table.add({user.domain ? *user.domain + "\\" + user.user : user.user, when_text(user.login_time)});
  }
  return table.text(context.style());
}

}  // namespace

Action define_users(CLI::App& /*app*/) {
  return [](Context& context) {
    return show<agent::calls::GetUsers>(context, {}, [&](const auto& users) { return users_table(users, context); });
  };
}

}  // namespace guestd::guestctl
