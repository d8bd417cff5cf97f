// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/reply_order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guestd::schema {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> ordered(const std::vector<std::string>& names) {
  std::vector<Member> members;
  for (const auto& name : names) members.emplace_back().name = name;
  std::vector<const Member*> pointers;
  for (const auto& member : members) pointers.push_back(&member);
  std::vector<std::string> result;
  for (const Member* member : reply_order(pointers)) result.push_back(member->name);
  return result;
}

TEST(ReplyOrder, IsThatOfQemuGa) {
  EXPECT_THAT(ordered({"buf-b64", "eof", "count"}), ElementsAre("count", "buf-b64", "eof"));
  EXPECT_THAT(ordered({"position", "eof"}), ElementsAre("eof", "position"));
  EXPECT_THAT(ordered({"logical-id", "online", "can-offline"}), ElementsAre("online", "can-offline", "logical-id"));
  EXPECT_THAT(ordered({"name", "enabled", "success-response"}), ElementsAre("enabled", "name", "success-response"));
  EXPECT_THAT(ordered({"type", "cpu", "user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest",
                       "guestnice"}),
              ElementsAre("cpu", "guestnice", "idle", "steal", "iowait", "system", "guest", "nice", "irq", "type",
                          "user", "softirq"));
  EXPECT_THAT(ordered({"pci-controller", "bus-type", "bus", "target", "unit", "serial", "dev", "ccw-address"}),
              ElementsAre("ccw-address", "serial", "bus-type", "bus", "unit", "pci-controller", "dev", "target"));
}

TEST(ReplyOrder, PutsTheLaterOfTwoInOneBucketFirst) {
  EXPECT_THAT(ordered({"load1m", "load5m", "load15m"}), ElementsAre("load15m", "load5m", "load1m"));
}

}  // namespace
}  // namespace guestd::schema
