// SPDX-License-Identifier: Apache-2.0
#include "platform/identity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/support/fake_identity.hpp"
#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

using support::FakeIdentity;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(RenewRandomNumbers, StopsWhereTheKernelRefuses) {
  for (const char* call : {"draw", "add", "reseed"}) {
    FakeIdentity identity;
    identity.fail(call, EPERM);
    const auto renewed = renew_random_numbers(identity, {}, 0);
    ASSERT_FALSE(renewed) << call;
    EXPECT_EQ(renewed.error().errno_value, EPERM);
    EXPECT_THAT(identity.log(), testing::Not(testing::Contains("reseed")));
  }
}

TEST(RenewRandomNumbers, ReseedsWithoutFreshBytesToo) {
  FakeIdentity identity;
  ASSERT_TRUE(renew_random_numbers(identity, {}, 0));
  EXPECT_THAT(identity.log(), ElementsAre("add 8 bytes, 0 bits", "add 16 bytes, 0 bits", "reseed"));
}

TEST(RenewMachineId, WritesNothingWithoutRandomNumbers) {
  FakeIdentity identity;
  identity.fail("draw", ENOSYS);
  EXPECT_EQ(renew_machine_id(identity).error().errno_value, ENOSYS);
  EXPECT_THAT(identity.log(), IsEmpty());
}

TEST(SystemIdentity, IsOutOfReachOnAFixture) {
  const support::FixtureRoot fixture;
  const auto identity = system_identity(fixture.root());
  for (const auto& error : {identity->add_entropy({}, 0).error(), identity->reseed().error(), identity->draw().error(),
                            identity->replace_machine_id("").error()}) {
    EXPECT_EQ(error.text, "the identity is left alone: this is a fixture");
  }
}

}  // namespace
}  // namespace guestd::platform
