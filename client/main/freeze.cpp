// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/main/ask.hpp"
#include "client/main/options.hpp"
#include "client/main/run_frozen.hpp"
#include "client/main/verbs.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::guestctl {
namespace {

struct FreezeOptions {
  std::vector<std::string> mountpoints;
  bool status = false;
};

void report(std::string_view what, std::int64_t count, const Context& context) {
  if (context.json) return print(std::to_string(count) + "\n");
  print(std::string(what) + " " + counted(count, "file system", "file systems") + "\n");
}

Result<int> show_status(const Context& context) {
  return show<agent::calls::FsfreezeStatus>(
      context, {}, [](const auto& status) { return std::string(agent::to_string(status)) + "\n"; });
}

Result<int> freeze(const FreezeOptions& options, const Context& context) {
  auto connection = context.connect(kFreezeTime);
  if (!connection) return std::move(connection).error();
  auto frozen = freeze_filesystems(**connection, options.mountpoints);
  if (!frozen) return std::move(frozen).error();
  report("froze", *frozen, context);
  return kExitDone;
}

Result<int> thaw(const Context& context) {
  auto connection = context.connect(kThawTime);
  if (!connection) return std::move(connection).error();
  auto thawed = agent::fsfreeze_thaw(**connection);
  if (!thawed) return std::move(thawed).error();
  report("thawed", *thawed, context);
  return kExitDone;
}

}  // namespace

Action define_freeze(CLI::App& app) {
  auto options = std::make_shared<FreezeOptions>();
  app.add_option("-m,--mountpoint", options->mountpoints, "freeze only this file system; may be repeated")
      ->type_name("PATH")
      ->expected(1)
      ->check(must_be_utf8)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_flag("--status", options->status, "only tell whether file systems are frozen");
  app.footer(
      "With a command behind `--`, it is run on this host while the file systems are frozen, and they are thawed\n"
      "afterwards, whatever happens. Exit status: that of the command.");
  return [options](Context& context) -> Result<int> {
    if (options->status) return show_status(context);
    if (context.program.empty()) return freeze(*options, context);
    return run_frozen(context, options->mountpoints);
  };
}

Action define_thaw(CLI::App& /*app*/) {
  return [](Context& context) { return thaw(context); };
}

}  // namespace guestd::guestctl
