// SPDX-License-Identifier: Apache-2.0
// The configuration file: whatever it holds, it is read or refused with an error, and what was read without one comes
// back the same from its own dump. Patterns are tried on the text itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/pattern.hpp"
#include "daemon/audit_report.hpp"
#include "daemon/command_rules.hpp"
#include "daemon/config_text.hpp"
#include "daemon/configuration_file.hpp"
#include "daemon/dispatcher.hpp"

namespace {

using guestd::daemon::Configuration;
using guestd::daemon::Findings;

void require(bool condition) {
  if (!condition) std::abort();
}

Configuration read(std::string_view text, Findings& findings) {
  Configuration configuration;
  (void)guestd::daemon::apply_configuration_text(text, configuration, findings);
  for (const auto& error : findings.errors) require(!error.empty());
  return configuration;
}

void check_file(std::string_view text) {
  Findings findings;
  const Configuration configuration = read(text, findings);
  const auto known = guestd::daemon::known_command_names();
  guestd::daemon::check_command_names(configuration, known, guestd::daemon::family_names(), findings);
  if (!findings.errors.empty()) return;
  const guestd::daemon::CommandRules rules(configuration.policy, {});
  require(!guestd::daemon::policy_table(configuration.policy, rules).empty());
  // Lists are written reversed, so twice is as once.
  Findings again;
  const std::string first =
      guestd::daemon::configuration_text(read(guestd::daemon::configuration_text(configuration), again));
  const std::string second = guestd::daemon::configuration_text(read(first, again));
  const std::string third = guestd::daemon::configuration_text(read(second, again));
  require(again.errors.empty() && first == third);
}

void check_pattern(std::string_view text) {
  const std::size_t end = text.find('\n');
  const auto pattern = guestd::Pattern::parse(text.substr(0, end));
  if (!pattern) return require(!pattern.error().text.empty());
  require(pattern->text() == text.substr(0, end));
  if (end != std::string_view::npos) (void)pattern->matches(text.substr(end + 1, 4096));
}

}  // namespace

// The entry point that libFuzzer looks for has no declaration.
// NOLINTNEXTLINE(misc-use-internal-linkage)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 3) {
    case 0:
      check_file(text);
      break;
    case 1:
      check_pattern(text.substr(0, 8192));
      break;
    default:
      (void)guestd::daemon::audit_report_line(text, true);
  }
  return 0;
}
