// SPDX-License-Identifier: Apache-2.0

// The steps of one freeze (commands/freeze_transaction.cpp), through FreezeState.

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "commands/freeze_state.hpp"
#include "tests/commands/freeze_bench.hpp"

namespace guestd::commands {
namespace {

using support::FakePrograms;

TEST(FreezeTransaction, FreezesAllInOrderAndThawsInReverse) {
  FreezeBench bench;
  EXPECT_EQ(*bench.freeze(), 3);
  EXPECT_TRUE(bench.state().restricts());
  EXPECT_TRUE(bench.state().is_frozen());
  EXPECT_TRUE(bench->listener().holds());
  EXPECT_TRUE(bench.has_marker());
  EXPECT_EQ(*bench.state().thaw(), 3);
  EXPECT_EQ(bench.log(), (Strings{"freeze /srv", "freeze /home", "freeze /", "thaw /", "thaw /home", "thaw /srv"}));
  EXPECT_FALSE(bench.state().restricts());
  EXPECT_FALSE(bench.state().is_frozen());
  EXPECT_FALSE(bench->listener().holds());
  EXPECT_FALSE(bench.has_marker());
}

TEST(FreezeTransaction, HoldsWritesBeforeTheFirstFileSystemIsFrozen) {
  FreezeBench bench;
  bool held = true;
  bool restricted = true;
  bench->freezer().on_freeze([&](const std::string&) {
    held = held && bench->listener().holds() && bench->listener().deadline().has_value();
    restricted = restricted && bench.state().restricts() && bench.has_marker();
  });
  EXPECT_EQ(*bench.freeze(), 3);
  EXPECT_TRUE(held);
  EXPECT_TRUE(restricted);
}

TEST(FreezeTransaction, ThawsWhatIsFrozenWhenAnotherOneFails) {
  FreezeBench bench;
  bench.hook("db");
  bench->freezer().fail("freeze", "/home", EIO);
  const auto frozen = bench.freeze();
  ASSERT_FALSE(frozen);
  EXPECT_EQ(frozen.error().text, "failed to freeze /home: Input/output error");
  EXPECT_EQ(frozen.error().kind, Error::Kind::kGeneric);
  EXPECT_EQ(bench.log(), (Strings{"freeze /srv", "freeze /home !5", "thaw /srv"}));
  EXPECT_EQ(bench.hook_calls(), (Strings{"/hooks/db freeze", "/hooks/db thaw"}));
  EXPECT_FALSE(bench.state().restricts());
  EXPECT_FALSE(bench->listener().holds());
  EXPECT_FALSE(bench.has_marker());
  EXPECT_EQ(bench.state().report().end, GuestdFreezeEnd::kFailure);
}

TEST(FreezeTransaction, FreezesNothingIfOneCannotBeOpened) {
  FreezeBench bench;
  bench.hook("db");
  bench->freezer().fail("open", "/", EACCES);
  const auto frozen = bench.freeze();
  ASSERT_FALSE(frozen);
  EXPECT_EQ(frozen.error().text, "failed to open /: Permission denied");
  EXPECT_TRUE(bench.log().empty());
  EXPECT_EQ(bench.hook_calls().back(), "/hooks/db thaw");
}

TEST(FreezeTransaction, SkipsWhatIsBusyOrCannotBeFrozenAndDoesNotCountIt) {
  FreezeBench bench;
  bench->freezer().fail("freeze", "/home", EBUSY);
  bench->freezer().fail("freeze", "/srv", EOPNOTSUPP);
  EXPECT_EQ(*bench.freeze(), 1);
  EXPECT_EQ(*bench.state().thaw(), 1);
  EXPECT_EQ(bench.log().back(), "thaw /") << "what somebody else has frozen is left to him";
}

TEST(FreezeTransaction, WithNothingToFreezeIsNotFrozenAndItsHooksAreToldToThaw) {
  FreezeBench bench;
  bench.hook("db");
  for (const char* mountpoint : {"/", "/home", "/srv"}) bench->freezer().fail("freeze", mountpoint, EOPNOTSUPP);
  EXPECT_EQ(*bench.freeze(), 0);
  EXPECT_FALSE(bench.state().is_frozen());
  EXPECT_EQ(bench.hook_calls(), (Strings{"/hooks/db freeze", "/hooks/db thaw"}));
  EXPECT_EQ(bench.state().report().end, GuestdFreezeEnd::kNothingFrozen);
  EXPECT_EQ(*bench.freeze({}), 0);
  EXPECT_EQ(bench.hook_calls().size(), 4U);
}

TEST(FreezeTransaction, CallsHooksInOrderAndInReverse) {
  FreezeBench bench;
  for (const char* name : {"20-b", "10-a", "30-c", "ignored.dpkg-old", "backup~", ".hidden"}) bench.hook(name);
  bench.root().write("hooks/README", "not executable");
  bench->freeze_settings().hook = "/script";
  std::filesystem::permissions(bench.root().write("script", ""), std::filesystem::perms(0755));
  bench->restart();
  EXPECT_EQ(*bench.freeze(), 3);
  EXPECT_EQ(*bench.state().thaw(), 3);
  EXPECT_EQ(bench.hook_calls(),
            (Strings{"/script freeze", "/hooks/10-a freeze", "/hooks/20-b freeze", "/hooks/30-c freeze",
                     "/hooks/30-c thaw", "/hooks/20-b thaw", "/hooks/10-a thaw", "/script thaw"}));
}

TEST(FreezeTransaction, AFailingHookEndsTheFreezeAndAllThatRanAreToldToThaw) {
  FreezeBench bench;
  for (const char* name : {"1", "2", "3"}) bench.hook(name);
  bench->programs().answer([](const platform::ProgramCall& call) {
    return call.path == "/hooks/2" && call.arguments[0] == "freeze" ? FakePrograms::exit(7, "no\nconnection\n")
                                                                    : FakePrograms::exit(0);
  });
  const auto frozen = bench.freeze();
  ASSERT_FALSE(frozen);
  EXPECT_EQ(frozen.error().text,
            "freeze hook /hooks/2 failed when called with 'freeze': exit status 7: no | connection");
  EXPECT_EQ(bench.hook_calls(), (Strings{"/hooks/1 freeze", "/hooks/2 freeze", "/hooks/2 thaw", "/hooks/1 thaw"}));
  EXPECT_TRUE(bench.log().empty()) << "nothing is frozen";
  EXPECT_FALSE(bench.state().is_frozen());
  EXPECT_FALSE(bench.has_marker());
}

TEST(FreezeTransaction, AHookThatCannotBeStartedOrTakesTooLongEndsTheFreeze) {
  FreezeBench bench;
  bench.hook("db");
  bench->programs().answer([](const platform::ProgramCall&) { return Error{"cannot run /hooks/db: No such file"}; });
  EXPECT_NE(bench.freeze().error().text.find("cannot run /hooks/db"), std::string::npos);
  bench->programs().answer([](const platform::ProgramCall& call) {
    platform::ProgramEnd end;
    end.how = platform::ProgramEnd::How::kTimeLimit;
    end.took = call.time_limit;
    return end;
  });
  EXPECT_NE(bench.freeze().error().text.find("not finished after 60 s"), std::string::npos);
}

TEST(FreezeTransaction, RunsNoHookThatOthersThanRootCanChange) {
  FreezeBench bench;
  bench.hook("db");
  std::filesystem::permissions(bench.root() / "hooks/db", std::filesystem::perms(0777));
  const auto frozen = bench.freeze();
  ASSERT_FALSE(frozen);
  EXPECT_EQ(frozen.error().text,
            "freeze hook /hooks/db is not run: others than its owner can write it (chmod go-w corrects that)");
  EXPECT_TRUE(bench.hook_calls().empty());
  EXPECT_TRUE(bench.log().empty());
  std::filesystem::permissions(bench.root() / "hooks/db", std::filesystem::perms(0755));
  std::filesystem::permissions(bench.root() / "hooks", std::filesystem::perms(0777));
  EXPECT_NE(bench.freeze().error().text.find("the freeze hooks in /hooks are not run"), std::string::npos);
}

TEST(FreezeTransaction, AFailingThawHookIsNoErrorBecauseEverythingIsThawed) {
  FreezeBench bench;
  bench.hook("db");
  ASSERT_EQ(*bench.freeze(), 3);
  bench->programs().answer([](const platform::ProgramCall&) { return FakePrograms::exit(1, "oops"); });
  EXPECT_EQ(*bench.state().thaw(), 3);
  const auto report = bench.state().report();
  EXPECT_FALSE(report.hooks.back().success);
  EXPECT_EQ(report.hooks.back().message, "exit status 1: oops");
}

TEST(FreezeTransaction, PlansAnewWhenAMountHasGoneMeanwhile) {
  FreezeBench bench;
  bench->freezer().fail("open", "/srv", ESTALE);
  EXPECT_EQ(bench.freeze().error().errno_value, ESTALE) << "it is still in the table, so that is a failure";
  bench.root().write("proc/self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n");
  EXPECT_EQ(*bench.freeze(), 1);
}

TEST(FreezeTransaction, SaysThatTheMountTableCannotBeReadAndUndoesItsHooks) {
  FreezeBench bench;
  bench.hook("db");
  std::filesystem::remove(bench.root() / "proc/self/mountinfo");
  const auto frozen = bench.freeze();
  ASSERT_FALSE(frozen);
  EXPECT_NE(frozen.error().text.find("mountinfo"), std::string::npos);
  EXPECT_EQ(bench.hook_calls().back(), "/hooks/db thaw");
}

}  // namespace
}  // namespace guestd::commands
