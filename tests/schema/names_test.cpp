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

TEST(Names, AvoidMacrosAndWhatIsReserved) {
  EXPECT_EQ(member("linux"), "linux_");
  EXPECT_EQ(member("major"), "major_");
  EXPECT_EQ(member("2d"), "_2d");
  EXPECT_EQ(member("__com.example_x"), "com_example_x");
  EXPECT_EQ(command_function("x--y"), "x_y");
  EXPECT_EQ(command_stem("2d-draw"), "_2dDraw");
}

TEST(Names, OfEventsAndImplicitTypesBecomePascalCase) {
  EXPECT_EQ(event_stem("BLOCK_IO_ERROR"), "BlockIoError");
  EXPECT_EQ(implicit_type("q_obj_intList-wrapper"), "IntListWrapper");
  EXPECT_EQ(implicit_type("PayloadKind"), "PayloadKind");
}

TEST(Names, OfOneScopeDiffer) {
  Scope scope;
  EXPECT_EQ(scope.take("a"), "a");
  EXPECT_EQ(scope.take("a"), "a_2");
  EXPECT_EQ(scope.take("a_2"), "a_2_2");
  EXPECT_EQ(scope.take("do_"), "do_");
  EXPECT_EQ(scope.take("do_"), "do_2");
}

}  // namespace
}  // namespace guestd::schema::names
