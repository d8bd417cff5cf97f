// SPDX-License-Identifier: Apache-2.0
#include "platform/time_zone.hpp"

#include <time.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <utility>

namespace guestd::platform {

namespace {

constexpr std::size_t kHeaderBytes = 44;
constexpr std::size_t kTypeBytes = 6;  // offset, daylight flag, index of the abbreviation

/// A big-endian integer of `size` bytes at `offset`, sign-extended. The caller has checked that it is there.
std::int64_t integer_at(std::string_view bytes, std::size_t offset, std::size_t size) {
  std::uint64_t value = (static_cast<unsigned char>(bytes[offset]) & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
  for (const char byte : bytes.substr(offset, size)) value = (value << 8U) | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(value);
}

/// One of the (up to two) blocks of a zone file: header, then data with times of 4 or 8 bytes.
struct Block {
  std::string_view transitions;  // time_bytes each
  std::string_view indexes;      // which type begins with the transition
  std::string_view types;
  std::string_view abbreviations;
  std::string_view rest;  // behind the block
  std::size_t time_bytes = 0;
};

std::optional<Block> cut_block(std::string_view bytes, std::size_t time_bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with("TZif")) return std::nullopt;
  const auto count = [&](std::size_t index) {
    return static_cast<std::size_t>(integer_at(bytes, 20 + 4 * index, 4)) & 0xFFFFFFFFU;
  };
  const std::size_t times = count(3);
  std::size_t at = kHeaderBytes;
  bool fits = true;
  const auto take = [&](std::size_t size) -> std::string_view {
    fits = fits && size <= bytes.size() - at;
    if (!fits) return {};
    return bytes.substr(std::exchange(at, at + size), size);
  };
  Block block;
  block.time_bytes = time_bytes;
  block.transitions = take(times * time_bytes);
  block.indexes = take(times);
  block.types = take(count(4) * kTypeBytes);
  block.abbreviations = take(count(5));
  take(count(2) * (time_bytes + 4));  // leap seconds
  take(count(1));
  take(count(0));
  block.rest = bytes.substr(at);
  if (!fits) return std::nullopt;
  return block;
}

/// Index of the type in force. Before the first transition it is type 0.
std::size_t type_at(const Block& block, std::int64_t at_s) {
  std::size_t passed = 0;
  while (passed < block.indexes.size() &&
         integer_at(block.transitions, passed * block.time_bytes, block.time_bytes) <= at_s) {
    ++passed;
  }
  return passed == 0 ? 0 : static_cast<unsigned char>(block.indexes[passed - 1]);
}

std::optional<ZoneOffset> offset_at(const Block& block, std::int64_t at_s) {
  const std::size_t type = type_at(block, at_s) * kTypeBytes;
  if (type >= block.types.size()) return std::nullopt;
  const std::size_t name = static_cast<unsigned char>(block.types[type + 5]);
  if (name >= block.abbreviations.size()) return std::nullopt;
  const std::string_view names = block.abbreviations.substr(name);
  return ZoneOffset{integer_at(block.types, type, 4), std::string(names.substr(0, names.find('\0')))};
}

Result<ZoneOffset> libc_zone(std::int64_t at_s) {
  const time_t moment = at_s;
  tm local{};
  // localtime_r alone may keep the first zone for ever; tzset looks whether the file is another one now.
  ::tzset();
  if (::localtime_r(&moment, &local) == nullptr) return Error::from_errno("cannot tell the local time", errno);
  return ZoneOffset{local.tm_gmtoff, local.tm_zone == nullptr ? "" : local.tm_zone};
}

}  // namespace

Result<ZoneOffset> parse_tzif(std::string_view file, std::int64_t at_s) {
  auto block = cut_block(file, 4);
  // From version 2 on a second block with 64-bit times follows; the first one may be empty then.
  if (block && file[4] >= '2') block = cut_block(block->rest, 8);
  if (!block) return Error{"not a time zone file"};
  auto offset = offset_at(*block, at_s);
  if (!offset) return Error{"a damaged time zone file"};
  return *std::move(offset);
}

Result<ZoneOffset> local_zone(const Root& root, std::int64_t at_s) {
  if (root.is_system()) return libc_zone(at_s);
  const auto file = root.read_file("/etc/localtime");
  if (!file && file.error().errno_value == ENOENT) return ZoneOffset{0, "UTC"};
  if (!file) return file.error();
  auto offset = parse_tzif(*file, at_s);
  if (!offset) return std::move(offset).error().with_context("/etc/localtime");
  return offset;
}

}  // namespace guestd::platform
