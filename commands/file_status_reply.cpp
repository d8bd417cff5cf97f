// SPDX-License-Identifier: Apache-2.0
#include "commands/file_status_reply.hpp"

#include <string_view>

#include "base/utf8.hpp"

namespace guestd::commands {

namespace {

GuestdFileType type_reply(platform::FileType type) {
  switch (type) {
    case platform::FileType::kRegular:
      return GuestdFileType::kRegular;
    case platform::FileType::kDirectory:
      return GuestdFileType::kDirectory;
    case platform::FileType::kSymlink:
      return GuestdFileType::kSymlink;
    case platform::FileType::kFifo:
      return GuestdFileType::kFifo;
    case platform::FileType::kSocket:
      return GuestdFileType::kSocket;
    case platform::FileType::kBlockDevice:
      return GuestdFileType::kBlockDevice;
    case platform::FileType::kCharacterDevice:
      break;
  }
  return GuestdFileType::kCharacterDevice;
}

GuestdDeviceNumber number_reply(platform::DeviceNumber number) {
  GuestdDeviceNumber reply;
  reply.major_ = number.major;
  reply.minor_ = number.minor;
  return reply;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8::sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void add_times(const platform::FileStatus& status, GuestdFileStatus& reply) {
  reply.access_time = status.access_ns;
  reply.modify_time = status.modify_ns;
  reply.change_time = status.change_ns;
  reply.birth_time = status.birth_ns;
}

}  // namespace

std::optional<protocol::ByteStream> bytes_unless_utf8(const std::string& name) {
  if (is_utf8(name)) return std::nullopt;
  return protocol::ByteStream(name);
}

GuestdFileStatus file_status_reply(const platform::FileStatus& status, platform::AccountNames& names) {
  GuestdFileStatus reply;
  reply.type = type_reply(status.type);
  reply.size = status.size_bytes;
  reply.allocated = status.allocated_bytes;
  reply.mode = status.mode;
  reply.uid = status.uid;
  reply.gid = status.gid;
  reply.user = names.user(status.uid);
  reply.group = names.group(status.gid);
  add_times(status, reply);
  reply.links = status.links;
  reply.inode = status.inode;
  reply.file_system = number_reply(status.file_system);
  if (status.device) reply.device = number_reply(*status.device);
  reply.target = status.target;
  if (status.target) reply.target_b64 = bytes_unless_utf8(*status.target);
  return reply;
}

}  // namespace guestd::commands
