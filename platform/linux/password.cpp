// SPDX-License-Identifier: Apache-2.0
#include "platform/password.hpp"

#include <fcntl.h>

#include <chrono>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

namespace guestd::platform {

namespace {

constexpr std::chrono::seconds kTimeLimit{60};
/// PAM takes answers of at most 511 bytes (PAM_MAX_RESP_SIZE), chpasswd lines of 8191; more is a mistake.
constexpr std::size_t kLongestPassword = 4096;
constexpr std::size_t kLongestName = 256;

constexpr std::string_view kFailure = "child process has failed to set user password";

bool holds_any(std::string_view text, std::string_view characters) {
  return text.find_first_of(characters) != std::string_view::npos;
}

// chpasswd reads lines `name:password`, the first colon counts. A NUL would cut the rest off, and /etc/shadow, where a
// hash goes as it is, has colons between its fields.
Result<void> check(const PasswordChange& change) {
  using namespace std::string_view_literals;
  if (holds_any(change.password, "\n\0"sv)) return Error{"forbidden characters in raw password"};
  if (change.crypted && holds_any(change.password, ":")) return Error{"forbidden characters in crypted password"};
  if (holds_any(change.user, "\n:\0"sv)) return Error{"forbidden characters in username"};
  if (change.user.empty()) return Error{"the username is empty"};
  if (change.user.size() > kLongestName) return Error{"the username is longer than 256 bytes"};
  if (change.password.size() > kLongestPassword) return Error{"the password is longer than 4096 bytes"};
  return {};
}

std::optional<std::string> find_chpasswd(const Root& root) {
  for (const char* folder :
       {"/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/", "/usr/local/sbin/", "/run/current-system/sw/bin/"}) {
    std::string path = folder + std::string("chpasswd");
    if (root.open(path, O_PATH)) return path;
  }
  return std::nullopt;
}

Error failure(const ProgramEnd& end) {
  std::string text(kFailure);
  switch (end.how) {
    case ProgramEnd::How::kExited:
      return Error{text + ": " + (end.output.empty() ? end.describe() : end.output)};
    case ProgramEnd::How::kSignal:
      text = "child process has terminated abnormally";
      break;
    case ProgramEnd::How::kTimeLimit:
      text += ": chpasswd has " + end.describe() + ", is a module of PAM waiting for something?";
      break;
  }
  return Error{end.output.empty() ? text : text + ": " + end.output};
}

void wipe(std::string& text) {
  if (!text.empty()) ::explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace

Result<void> set_password(const Root& root, Programs& programs, const PasswordChange& change) {
  if (auto good = check(change); !good) return good;
  auto path = find_chpasswd(root);
  if (!path) return Error{std::string(kFailure) + ": failed to exec 'chpasswd': No such file or directory\n"};
  ProgramCall call;
  call.path = *std::move(path);
  if (change.crypted) call.arguments = {"-e"};
  call.time_limit = kTimeLimit;
  // At once as long as it will be: growing would leave copies behind.
  call.input.reserve(change.user.size() + change.password.size() + 2);
  call.input.append(change.user).append(":").append(change.password).append("\n");
  auto end = programs.run(call);
  wipe(call.input);
  if (!end) return std::move(end).error().with_context(kFailure);
  if (!end->succeeded()) return failure(*end);
  return {};
}

}  // namespace guestd::platform
