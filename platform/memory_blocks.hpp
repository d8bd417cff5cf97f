// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// A piece of memory that the kernel switches as a whole. Times the size of a block its number is its address.
/// Source: Linux, Documentation/admin-guide/mm/memory-hotplug.rst.
struct MemoryBlock {
  std::uint64_t number = 0;
  bool online = true;
  bool can_offline = false;
};

/// All blocks, in ascending order of their numbers; none if the kernel does not divide its memory. Errors are those of
/// qemu-ga: `guest reported zero memory blocks!`, `Can't open directory"<folder>/": <e>`.
Result<std::vector<MemoryBlock>> memory_blocks(const Root& root);

/// The same for hosts that ask again and again: a machine with terabytes has thousands of blocks, each with files of
/// its own. They are read anew if the kernel has numbered another uevent since (/sys/kernel/uevent_seqnum), which it
/// does after it has added, removed or switched a device, and a block is one (drivers/base/core.c, device_online()).
/// Thread-safe.
class KnownMemoryBlocks {
 public:
  Result<std::vector<MemoryBlock>> of(const Root& root);

 private:
  std::mutex mutex_;
  std::string last_uevent_;  ///< when the blocks were read; "": they are not known
  std::vector<MemoryBlock> blocks_;
};

/// Whether one block is online; nothing if it cannot be switched and so has no state. An error is kUnsupported if the
/// kernel does not divide its memory, and has errno_value ENOENT if there is no such block.
Result<std::optional<bool>> memory_block_state(const Root& root, std::uint64_t number);

/// Reads the hexadecimal number of bytes.
std::optional<std::uint64_t> parse_block_size(std::string_view text);

/// The size of every block, in bytes. Errors of qemu-ga: `open("<folder>/"): <e>`,
/// `open sysfs file "block_size_bytes": <e>`.
Result<std::uint64_t> memory_block_size(const Root& root);

}  // namespace guestd::platform
