// SPDX-License-Identifier: Apache-2.0
#include "platform/logged_in_users.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "platform/folder.hpp"

namespace guestd::platform {

namespace {

bool is_absent(const Error& error) { return error.errno_value == ENOENT || error.errno_value == ENOTDIR; }

Result<std::vector<Login>> utmp_logins(const Root& root) {
  for (const char* path : {"/run/utmp", "/var/run/utmp"}) {
    const auto bytes = root.read_file(path);
    if (bytes) return parse_utmp(*bytes, utmp_layout(bytes->size()));
    if (!is_absent(bytes.error())) return bytes.error();
  }
  return std::vector<Login>();
}

// Of logind and of elogind. These files are what sd_session_get_username(3) and the like read too.
Result<std::vector<Login>> logind_logins(const Root& root) {
  const std::string folder = "/run/systemd/sessions";
  const auto names = names_in(root, folder);
  if (!names) return is_absent(names.error()) ? Result(std::vector<Login>()) : names.error();
  std::vector<Login> logins;
  for (const std::string& name : *names) {
    if (name.find('.') != std::string::npos) continue;  // `<session>.ref` is a FIFO, and `.#...` a file being written
    const auto text = root.read_file(folder + "/" + name);
    if (!text) continue;  // the session has just ended
    if (auto login = parse_logind_session(*text)) logins.push_back(*std::move(login));
  }
  std::stable_sort(logins.begin(), logins.end(),
                   [](const Login& left, const Login& right) { return left.since_us < right.since_us; });
  return logins;
}

std::vector<Login> once_each(std::vector<Login> logins) {
  std::vector<Login> users;
  std::unordered_map<std::string, std::size_t> places;
  for (Login& login : logins) {
    const auto [place, is_new] = places.emplace(login.user, users.size());
    if (is_new) {
      users.push_back(std::move(login));
    } else {
      auto& since = users[place->second].since_us;
      since = std::min(since, login.since_us);
    }
  }
  return users;
}

}  // namespace

Result<std::vector<Login>> logged_in_users(const Root& root) {
  auto logins = utmp_logins(root);
  auto sessions = logind_logins(root);
  // What one of the two cannot tell the other one may.
  if (!logins && (!sessions || sessions->empty())) return logins;
  if (!sessions && logins->empty()) return sessions;
  std::vector<Login> all = logins ? *std::move(logins) : std::vector<Login>();
  if (sessions) std::move(sessions->begin(), sessions->end(), std::back_inserter(all));
  return once_each(std::move(all));
}

}  // namespace guestd::platform
