// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/host_identity.hpp"
#include "platform/os_release.hpp"

namespace guestd::commands {

namespace {

void add_kernel(const platform::Root& root, GetOsinfoResult& result) {
  auto kernel = platform::kernel_identity(root);
  if (!kernel) return;
  result.kernel_release = std::move(kernel->release);
  result.kernel_version = std::move(kernel->version);
  result.machine = std::move(kernel->machine);
}

void add_system(const platform::Host& host, GetOsinfoResult& result) {
  const auto values = platform::os_release(host.root, host.os_release_path);
  if (!values) return;
  const auto value = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = values->find(name);
    if (found == values->end()) return std::nullopt;
    return found->second;
  };
  result.id = value("ID");
  result.name = value("NAME");
  result.pretty_name = value("PRETTY_NAME");
  result.version = value("VERSION");
  result.version_id = value("VERSION_ID");
  result.variant = value("VARIANT");
  result.variant_id = value("VARIANT_ID");
}

}  // namespace

// Every member is optional: what the guest does not tell is left out, and nothing here is an error.
Result<GetOsinfoResult> get_osinfo(Context& context) {
  GetOsinfoResult result;
  add_kernel(context.host.root, result);
  add_system(context.host, result);
  return result;
}

}  // namespace guestd::commands
