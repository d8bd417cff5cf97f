// SPDX-License-Identifier: Apache-2.0
// Files about users that a guest may have in any state: utmp, logind's sessions, passwd, group, sshd_config,
// authorized_keys. The first byte of the input chooses the parser.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "platform/account_names.hpp"
#include "platform/accounts.hpp"
#include "platform/authorized_keys.hpp"
#include "platform/logged_in_users.hpp"
#include "platform/sshd_config.hpp"

namespace {

namespace platform = guestd::platform;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_utmp(std::string_view bytes) {
  for (const auto layout : {platform::UtmpLayout::kTime32, platform::UtmpLayout::kTime64}) {
    const auto logins = platform::parse_utmp(bytes, layout);
    require(logins.size() <= bytes.size() / 384);
    for (const auto& login : logins) require(!login.user.empty() && login.user.size() <= 32 && login.since_us >= 0);
  }
}

void check_session(std::string_view text) {
  const auto login = platform::parse_logind_session(text);
  if (login) require(!login->user.empty() && login->since_us >= 0);
}

void check_passwd(std::string_view text) {
  const auto account = platform::parse_passwd(text, "alice");
  if (account) require(account->name == "alice" && account->home.find(':') == std::string::npos);
}

/// What is found by its number is found by its name.
void check_names(std::string_view text) {
  for (const std::uint32_t id : {0U, 1000U}) {
    const auto name = platform::name_of_id(text, id);
    if (!name) continue;
    require(!name->empty() && name->find_first_of(":\n") == std::string::npos);
    require(platform::id_of_name(text, *name).has_value());
  }
}

void check_sshd_config(std::string_view text) {
  for (const auto& setting : platform::parse_sshd_config(text)) {
    require(!setting.keyword.empty() && !setting.arguments.empty());
    for (const auto& argument : setting.arguments) (void)platform::matches_patterns("alice", argument);
  }
}

/// What is added is there, what is removed is gone, and nothing else changes.
void check_authorized_keys(std::string_view text) {
  const std::vector<std::string> keys = platform::keys_in(text);
  require(platform::with_keys(text, keys) == text);
  require(platform::keys_in(platform::without_keys(text, keys)).empty());
  const std::string line(text.substr(0, text.find('\n')));
  if (platform::fault_of_key(line)) return;
  const std::string longer = platform::with_keys("# comment", {line, line});
  require(platform::keys_in(longer).size() == 1);
  require(platform::without_keys(longer, {line}) == "# comment\n");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'u':
      check_utmp(rest);
      break;
    case 's':
      check_session(rest);
      break;
    case 'p':
      check_passwd(rest);
      break;
    case 'n':
      check_names(rest);
      break;
    case 'c':
      check_sshd_config(rest);
      break;
    default:
      check_authorized_keys(rest);
      break;
  }
  return 0;
}
