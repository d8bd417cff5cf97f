// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/names.hpp"

#include <gtest/gtest.h>

namespace guestd::schema::names {
namespace {

TEST(Names, OfCommandsLoseTheGuestPrefixOnly) {
  EXPECT_EQ(command_function("guest-file-open"), "file_open");
  EXPECT_EQ(command_stem("guest-file-open"), "FileOpen");
  EXPECT_EQ(command_function("guestd-get-schema"), "guestd_get_schema");
  EXPECT_EQ(command_stem("guestd-get-schema"), "GuestdGetSchema");
  EXPECT_EQ(command_function("query-block"), "query_block");
}

TEST(Names, OfMembersAvoidKeywords) {
  EXPECT_EQ(member("buf-b64"), "buf_b64");
  EXPECT_EQ(member("supported_commands"), "supported_commands");
  EXPECT_EQ(member("default"), "default_");
  EXPECT_EQ(member("static-assert"), "static_assert_");
  EXPECT_EQ(command_function("guest-delete"), "delete_");
}

TEST(Names, OfEnumValuesBeginWithK) {
  EXPECT_EQ(enumerator("file-backed-virtual"), "kFileBackedVirtual");
  EXPECT_EQ(enumerator("802.1q"), "k8021q");
  EXPECT_EQ(enumerator("null"), "kNull");
}

TEST(Names, OfTypesBecomeSnakeCaseWithAcronymsKept) {
  EXPECT_EQ(type_function("GuestFileRead"), "guest_file_read");
  EXPECT_EQ(type_function("GuestOSInfo"), "guest_os_info");
  EXPECT_EQ(type_function("GuestPCIAddress"), "guest_pci_address");
  EXPECT_EQ(type_function("FileOpenArgs"), "file_open_args");
}

}  // namespace
}  // namespace guestd::schema::names
