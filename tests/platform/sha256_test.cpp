// SPDX-License-Identifier: Apache-2.0
#include "platform/sha256.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace guestd::platform {
namespace {

void add(Sha256& sum, std::string_view text) { sum.add(std::as_bytes(std::span(text))); }

// The examples of FIPS 180-4 (NIST's SHA256.pdf).
TEST(Sha256, IsWhatTheStandardSays) {
  auto sum = Sha256::create();
  ASSERT_TRUE(sum) << sum.error().text;
  EXPECT_EQ(sum->finish(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  add(*sum, "abc");
  EXPECT_EQ(sum->finish(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  add(*sum, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
  EXPECT_EQ(sum->finish(), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, DoesNotDependOnThePieces) {
  auto sum = Sha256::create();
  ASSERT_TRUE(sum);
  for (int index = 0; index < 1'000'000; index += 1000) add(*sum, std::string(1000, 'a'));
  EXPECT_EQ(sum->finish(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

}  // namespace
}  // namespace guestd::platform
