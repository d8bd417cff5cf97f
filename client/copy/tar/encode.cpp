// SPDX-License-Identifier: Apache-2.0
#include "client/copy/tar/encode.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <numeric>
#include <span>
#include <string_view>

#include "client/copy/tar/fields.hpp"

namespace guestd::copy::tar {
namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;

void put_text(std::string& block, Field field, std::string_view text) {
  const std::size_t size = std::min(text.size(), field.size);
  block.replace(field.offset, size, text.substr(0, size));
}

/// Octal digits; what has no room in them as a binary number with the uppermost bit set, as GNU tar does it.
void put_number(std::string& block, Field field, std::int64_t number) {
  const std::size_t digits = field.size - 1;
  if (number >= 0 && number < std::int64_t{1} << std::min<std::size_t>(3 * digits, 62)) {
    for (std::size_t at = digits; at-- > 0; number >>= 3)
      block[field.offset + at] = static_cast<char>('0' + number % 8);
    return;
  }
  for (std::size_t at = field.size; at-- > 0; number >>= 8) block[field.offset + at] = static_cast<char>(number & 0xFF);
  block[field.offset] = static_cast<char>(block[field.offset] | 0x80);
}

void put_checksum(std::string& block) {
  put_text(block, kChecksum, "        ");
  const auto sum = std::accumulate(block.begin(), block.end(), std::int64_t{0}, [](std::int64_t total, char byte) {
    return total + static_cast<unsigned char>(byte);
  });
  put_number(block, {kChecksum.offset, kChecksum.size - 1}, sum);
  block[kChecksum.offset + kChecksum.size - 2] = '\0';
}

std::string header(std::string_view name, char type, std::int64_t size) {
  std::string block(kBlock, '\0');
  put_text(block, kName, name);
  put_number(block, kMode, 0644);
  put_number(block, kUid, 0);
  put_number(block, kGid, 0);
  put_number(block, kSize, size);
  put_number(block, kTime, 0);
  block[kType.offset] = type;
  put_text(block, kMagic, kMagicText);
  return block;
}

/// A member that says something about the next one.
std::string preface(std::string_view name, char type, std::string text) {
  std::string block = header(name, type, static_cast<std::int64_t>(text.size()));
  put_checksum(block);
  text.append(padding(static_cast<std::int64_t>(text.size())), '\0');
  return block + text;
}

/// `LENGTH KEY=VALUE\n`, where LENGTH counts itself.
void add_record(std::string& records, std::string_view key, const std::string& value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (rest + std::to_string(length).size() != length) length = rest + std::to_string(length).size();
  records += std::to_string(length) + " " + std::string(key) + "=" + value + "\n";
}

bool has_holes(const Entry& entry) {
  if (entry.kind != Kind::kFile || entry.size == 0) return false;
  return entry.data.size() != 1 || entry.data[0].offset != 0 || entry.data[0].length != entry.size;
}

/// GNU tar's format 1.0 for files with holes: in front of the data, and padded. An empty extent marks the end.
std::string map_of(const Entry& entry) {
  std::string map = std::to_string(entry.data.size() + 1) + "\n";
  for (const Extent& extent : entry.data) {
    map += std::to_string(extent.offset) + "\n" + std::to_string(extent.length) + "\n";
  }
  map += std::to_string(entry.size) + "\n0\n";
  map.append(padding(static_cast<std::int64_t>(map.size())), '\0');
  return map;
}

std::string records_of(const Entry& entry) {
  std::string records;
  if (const std::int64_t fraction = entry.modify_time % kNanoseconds; entry.modify_time > 0 && fraction != 0) {
    const std::string digits = std::to_string(kNanoseconds + fraction);
    add_record(records, "mtime", std::to_string(entry.modify_time / kNanoseconds) + "." + digits.substr(1));
  }
  if (has_holes(entry)) {
    add_record(records, "GNU.sparse.major", "1");
    add_record(records, "GNU.sparse.minor", "0");
    add_record(records, "GNU.sparse.name", entry.name);
    add_record(records, "GNU.sparse.realsize", std::to_string(entry.size));
  }
  return records;
}

char type_of(Kind kind) {
  switch (kind) {
    case Kind::kHardLink:
      return '1';
    case Kind::kSymlink:
      return '2';
    case Kind::kFolder:
      return '5';
    default:
      return '0';
  }
}

std::int64_t floor_seconds(std::int64_t nanoseconds) {
  return nanoseconds / kNanoseconds - (nanoseconds % kNanoseconds < 0 ? 1 : 0);
}

}  // namespace

std::string encode(const Entry& entry) {
  std::string text;
  if (entry.name.size() > kName.size) text += preface("././@LongLink", 'L', entry.name + '\0');
  if (entry.target.size() > kLinkName.size) text += preface("././@LongLink", 'K', entry.target + '\0');
  if (std::string records = records_of(entry); !records.empty()) text += preface("pax", 'x', std::move(records));

  const std::string map = has_holes(entry) ? map_of(entry) : "";
  std::int64_t bytes = static_cast<std::int64_t>(map.size());
  if (entry.kind == Kind::kFile) {
    for (const Extent& extent : entry.data) bytes += extent.length;
  }
  std::string block = header(entry.name, type_of(entry.kind), bytes);
  put_number(block, kMode, entry.mode);
  put_number(block, kUid, entry.uid);
  put_number(block, kGid, entry.gid);
  put_number(block, kTime, floor_seconds(entry.modify_time));
  put_text(block, kLinkName, entry.target);
  // Cut off it would be somebody else's.
  if (entry.user.size() < kUser.size) put_text(block, kUser, entry.user);
  if (entry.group.size() < kGroup.size) put_text(block, kGroup, entry.group);
  put_checksum(block);
  return text + block + map;
}

std::string end_of_archive() { return std::string(2 * kBlock, '\0'); }

}  // namespace guestd::copy::tar
