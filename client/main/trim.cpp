// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "client/main/ask.hpp"
#include "client/main/verbs.hpp"
#include "client/terminal/table.hpp"
#include "client/terminal/units.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::guestctl {
namespace {

constexpr std::chrono::minutes kTrimTime{10};

std::string trim_table(const agent::GuestFilesystemTrimResponse& response, const Context& context) {
  terminal::Table table({{"MOUNTED ON"}, {"TRIMMED", terminal::Table::Align::kRight}, {"ERROR"}});
  for (const auto& one : response.paths) {
    const std::uint64_t bytes = one.trimmed && *one.trimmed > 0 ? static_cast<std::uint64_t>(*one.trimmed) : 0;
    table.add({one.path, one.trimmed ? terminal::size_text(bytes) : "-", one.error.value_or("")});
  }
  return table.text(context.style());
}

}  // namespace

Action define_trim(CLI::App& app) {
  auto minimum = std::make_shared<std::optional<std::int64_t>>();
  app.add_option("-m,--minimum", *minimum, "leave free pieces alone that are smaller than this")
      ->type_name("BYTES")
      ->transform(CLI::AsSizeValue(false));
  return [minimum](Context& context) -> Result<int> {
    auto connection = context.connect(kTrimTime);
    if (!connection) return std::move(connection).error();
    auto reply = (*connection)->call(protocol::make_call<agent::calls::Fstrim>({.minimum = *minimum}));
    if (!reply) return std::move(reply).error();
    auto read = protocol::read_reply<agent::calls::Fstrim>(*reply);
    if (!read) return std::move(read).error();
    print(context.json ? json_line(*protocol::returned(**reply)) + "\n" : trim_table(*read, context));
    const bool failed = std::ranges::any_of(read->paths, [](const auto& one) { return one.error.has_value(); });
    return failed ? kExitFailed : kExitDone;
  };
}

}  // namespace guestd::guestctl
