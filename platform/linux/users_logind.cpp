// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "platform/logged_in_users.hpp"

namespace guestd::platform {

namespace {

// Classes of sessions (org.freedesktop.login1(5)) whose user sits there or came over the network.
bool is_of_a_user(std::string_view session_class) {
  return session_class == "user" || session_class == "user-early" || session_class == "user-light" ||
         session_class == "user-early-light";
}

struct Session {
  std::string_view user;
  std::string_view session_class;
  std::string_view state;
  std::string_view since;
};

void note(std::string_view line, Session& session) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return;
  const std::string_view name = line.substr(0, equals);
  const std::string_view value = line.substr(equals + 1);
  if (name == "USER") session.user = value;
  if (name == "CLASS") session.session_class = value;
  if (name == "STATE") session.state = value;
  if (name == "REALTIME") session.since = value;
}

}  // namespace

std::optional<Login> parse_logind_session(std::string_view text) {
  Session session;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
    note(line, session);
  }
  if (session.user.empty() || !is_of_a_user(session.session_class) || session.state == "closing") return std::nullopt;
  Login login{std::string(session.user), 0};
  const char* const end = session.since.data() + session.since.size();
  const auto parsed = std::from_chars(session.since.data(), end, login.since_us);
  if (parsed.ec != std::errc() || parsed.ptr != end || login.since_us < 0) return std::nullopt;
  return login;
}

}  // namespace guestd::platform
