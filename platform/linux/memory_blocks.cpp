// SPDX-License-Identifier: Apache-2.0
#include "platform/memory_blocks.hpp"

#include <cerrno>
#include <string>
#include <utility>

#include "platform/host_identity.hpp"
#include "platform/linux/fields.hpp"
#include "platform/linux/sysfs_folder.hpp"

namespace guestd::platform {
namespace {

constexpr const char* kMemoryFolder = "/sys/devices/system/memory";

/// Since Linux 5.7 the file `removable` of every block says the same: whether this kernel can take memory out at all.
/// Before, it told of the pages of its own block, and took its time (memory-hotplug.rst).
bool removable_is_same_for_all(const Root& root) {
  const auto kernel = kernel_identity(root);
  if (!kernel) return false;
  const std::string_view release = kernel->release;
  const std::size_t dot = release.find('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view rest = release.substr(dot + 1);
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
  if (!parse_number(release.substr(0, dot), major)) return false;
  if (!parse_number(rest.substr(0, rest.find_first_not_of("0123456789")), minor)) return false;
  return major > 5 || (major == 5 && minor >= 7);
}

class Removable {
 public:
  Removable(const SysfsFolder& folder, bool same_for_all) : folder_(folder), same_for_all_(same_for_all) {}

  bool of(const std::string& block) {
    if (is_known_) return known_;
    const auto text = folder_.read(block + "/removable");
    const bool can = text && !text->starts_with('0');
    is_known_ = same_for_all_;
    known_ = can;
    return can;
  }

 private:
  const SysfsFolder& folder_;
  const bool same_for_all_;
  bool is_known_ = false;
  bool known_ = false;
};

struct Reading {
  std::vector<MemoryBlock> blocks;
  bool is_settled = true;  ///< only an event can change what was read
};

void read_block(const SysfsFolder& folder, std::uint64_t number, Removable& removable, Reading& reading) {
  const std::string name = "memory" + std::to_string(number);
  const auto state = folder.read(name + "/state");
  if (state) {
    // A block that is going offline may stay online, and nobody is told of that.
    reading.is_settled = reading.is_settled && !state->starts_with("going");
    reading.blocks.push_back({number, state->starts_with("online"), removable.of(name)});
  } else if (folder.has(name)) {  // else it has gone in the meantime
    reading.blocks.push_back({number, true, false});
  }
}

Error cannot_open_folder(int code) {
  return Error::from_errno("Can't open directory\"" + std::string(kMemoryFolder) + "/\"", code);
}

Result<Reading> read_blocks(const Root& root) {
  const auto folder = SysfsFolder::open(root, kMemoryFolder);
  if (!folder && folder.error().errno_value == ENOENT) return Reading{};
  if (!folder) return cannot_open_folder(folder.error().errno_value);
  const auto numbers = folder->numbers("memory");
  if (!numbers) return cannot_open_folder(numbers.error().errno_value);
  const bool same_for_all = removable_is_same_for_all(root);
  Reading reading;
  reading.blocks.reserve(numbers->size());
  reading.is_settled = same_for_all;
  Removable removable(*folder, same_for_all);
  for (const std::uint64_t number : *numbers) read_block(*folder, number, removable, reading);
  if (reading.blocks.empty()) return Error{"guest reported zero memory blocks!"};
  return reading;
}

std::string last_uevent(const Root& root) {
  const auto number = root.read_file("/sys/kernel/uevent_seqnum");
  return number ? *number : "";
}

}  // namespace

Result<std::vector<MemoryBlock>> memory_blocks(const Root& root) {
  auto reading = read_blocks(root);
  if (!reading) return std::move(reading).error();
  return std::move(reading->blocks);
}

Result<std::vector<MemoryBlock>> KnownMemoryBlocks::of(const Root& root) {
  const std::lock_guard lock(mutex_);
  const std::string before = last_uevent(root);
  if (!last_uevent_.empty() && before == last_uevent_) return blocks_;
  last_uevent_.clear();
  auto reading = read_blocks(root);
  if (!reading) return std::move(reading).error();
  if (reading->is_settled && last_uevent(root) == before) {
    last_uevent_ = before;
    blocks_ = reading->blocks;
  }
  return std::move(reading->blocks);
}

Result<std::optional<bool>> memory_block_state(const Root& root, std::uint64_t number) {
  const auto folder = SysfsFolder::open(root, kMemoryFolder);
  if (!folder) {
    Error error = cannot_open_folder(folder.error().errno_value);
    if (error.errno_value == ENOENT) error.kind = Error::Kind::kUnsupported;
    return error;
  }
  const std::string name = "memory" + std::to_string(number);
  const auto state = folder->read(name + "/state");
  if (state) return std::optional(state->starts_with("online"));
  if (state.error().errno_value == ENOENT && folder->has(name)) return std::optional<bool>();
  return Error::from_errno("cannot read the state of " + name, state.error().errno_value);
}

std::optional<std::uint64_t> parse_block_size(std::string_view text) {
  std::uint64_t size_bytes = 0;
  constexpr int kHexadecimal = 16;
  if (!parse_number(text.substr(0, text.find('\n')), size_bytes, kHexadecimal)) return std::nullopt;
  return size_bytes;
}

Result<std::uint64_t> memory_block_size(const Root& root) {
  const auto folder = SysfsFolder::open(root, kMemoryFolder);
  if (!folder) {
    return Error::from_errno("open(\"" + std::string(kMemoryFolder) + "/\")", folder.error().errno_value);
  }
  const std::string failed = "open sysfs file \"block_size_bytes\"";
  const auto text = folder->read("block_size_bytes");
  if (!text) return Error::from_errno(failed, text.error().errno_value);
  const auto size_bytes = parse_block_size(*text);
  if (!size_bytes) return Error::from_errno(failed + ", which says '" + *text + "'", EINVAL);
  return *size_bytes;
}

}  // namespace guestd::platform
