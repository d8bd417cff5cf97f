// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "client/main/ask.hpp"
#include "client/main/options.hpp"
#include "client/main/verbs.hpp"
#include "client/terminal/escape.hpp"
#include "client/terminal/keyboard.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::guestctl {
namespace {

struct PasswdOptions {
  std::string user;
  bool crypted = false;
};

Result<std::string> read_line() {
  std::string line;
  if (!std::getline(std::cin, line) && line.empty()) return Error{"there is no password on standard input"};
  return line;
}

/// Typed twice, unless it comes from a script.
Result<std::string> new_password(const std::string& user) {
  if (::isatty(STDIN_FILENO) != 1) return read_line();
  auto first = terminal::ask_secret("New password of " + terminal::printable(user) + ": ");
  if (!first) return first;
  auto second = terminal::ask_secret("Again: ");
  if (!second) return second;
  if (*first != *second) return Error{"the two are not the same"};
  return first;
}

Result<int> run_passwd(const PasswdOptions& options, const Context& context) {
  auto password = new_password(options.user);
  if (!password) return std::move(password).error();
  if (password->empty()) return Error{"the password is empty; nothing was changed"};
  auto connection = context.connect(std::chrono::minutes(1));
  if (!connection) return std::move(connection).error();
  const agent::SetUserPasswordArgs args{options.user, *std::move(password), options.crypted};
  if (auto set = agent::set_user_password(**connection, args); !set) return std::move(set).error();
  return kExitDone;
}

}  // namespace

Action define_passwd(CLI::App& app) {
  auto options = std::make_shared<PasswdOptions>();
  app.add_option("USER", options->user, "whose password")->required()->check(must_be_utf8);
  app.add_flag("--crypted", options->crypted, "what is typed is the password as it stands in /etc/shadow");
  app.footer("The password is asked for without echo, or read as one line from standard input.");
  return [options](Context& context) { return run_passwd(*options, context); };
}

}  // namespace guestd::guestctl
