// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <optional>
#include <string>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Result<ShutdownResult> ask(CommandBench& bench, std::optional<std::string> mode) {
  ShutdownArgs args;
  args.mode = std::move(mode);
  return shutdown(bench.context(), args);
}

TEST(Shutdown, PowersDownUnlessToldOtherwise) {
  CommandBench bench("debian12");
  for (const auto& mode : {std::optional<std::string>(), std::optional<std::string>("powerdown"),
                           std::optional<std::string>("halt"), std::optional<std::string>("reboot")}) {
    EXPECT_TRUE(ask(bench, mode));
  }
  EXPECT_THAT(bench.power().log(), ElementsAre("powerdown", "powerdown", "halt", "reboot"));
}

TEST(Shutdown, RefusesAnyOtherModeBeforeAnythingHappens) {
  CommandBench bench("debian12");
  for (const char* mode : {"", "Reboot", "reboot ", "poweroff"}) {
    const auto refused = ask(bench, mode);
    ASSERT_FALSE(refused) << mode;
    EXPECT_EQ(refused.error().text, "mode is invalid (valid values are: halt|powerdown|reboot)");
  }
  EXPECT_THAT(bench.power().log(), IsEmpty());
}

TEST(Shutdown, TellsWhyItFailed) {
  CommandBench bench("debian12");
  bench.power().fail("reboot", EPERM);
  EXPECT_EQ(ask(bench, "reboot").error().text, "failed to shutdown: cannot reboot: Operation not permitted");
}

}  // namespace
}  // namespace guestd::commands
