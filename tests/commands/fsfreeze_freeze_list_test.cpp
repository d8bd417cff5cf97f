// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "generated/commands.hpp"
#include "tests/commands/freeze_bench.hpp"

namespace guestd::commands {
namespace {

FsfreezeFreezeListArgs list(std::optional<Strings> mountpoints) { return {std::move(mountpoints)}; }

TEST(FsfreezeFreezeList, FreezesWhatIsNamed) {
  FreezeBench bench;
  EXPECT_EQ(*fsfreeze_freeze_list(bench->context(), list(Strings{"/home", "/srv/"})), 2);
  EXPECT_EQ(bench->freezer().frozen(), (std::set<std::string>{"/home", "/srv"}));
}

TEST(FsfreezeFreezeList, FreezesAllWithoutAList) {
  FreezeBench bench;
  EXPECT_EQ(*fsfreeze_freeze_list(bench->context(), list(std::nullopt)), 3);
}

TEST(FsfreezeFreezeList, FreezesNothingForAnEmptyListOrUnknownNames) {
  FreezeBench bench;
  EXPECT_EQ(*fsfreeze_freeze_list(bench->context(), list(Strings{})), 0);
  EXPECT_EQ(*fsfreeze_freeze_list(bench->context(), list(Strings{"/hmoe", "", "/tmp"})), 0);
  EXPECT_EQ(bench.state().report().unknown_mountpoints, (Strings{"/hmoe", ""}));
  EXPECT_FALSE(bench.state().is_frozen());
}

TEST(FsfreezeFreezeList, RefusesMoreNamesThanThereCanBeMounts) {
  FreezeBench bench;
  const Strings many(limits::kFreezeMountpoints + 1, "/home");
  const auto frozen = fsfreeze_freeze_list(bench->context(), list(many));
  ASSERT_FALSE(frozen);
  EXPECT_EQ(frozen.error().text, "too many mount points: 100001, at most 100000");
}

TEST(FsfreezeFreezeList, RemembersOnlySomeUnknownNamesAndShortensThem) {
  FreezeBench bench;
  EXPECT_EQ(*fsfreeze_freeze_list(bench->context(), list(Strings(1000, std::string(10000, 'x')))), 0);
  const auto names = bench.state().report().unknown_mountpoints.value();
  EXPECT_EQ(names.size(), limits::kFreezeUnknownNames);
  EXPECT_LT(names.front().size(), 1100U);
}

}  // namespace
}  // namespace guestd::commands
