// SPDX-License-Identifier: Apache-2.0
#include "client/copy/tar/reader.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

#include "client/copy/tar/fields.hpp"

namespace guestd::copy::tar {
namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;

Error broken(std::string_view why) { return Error{"the guest's archive makes no sense: " + std::string(why)}; }

std::string_view raw(std::string_view block, Field field) { return block.substr(field.offset, field.size); }

std::string text_in(std::string_view block, Field field) {
  const std::string_view bytes = raw(block, field);
  return std::string(bytes.substr(0, bytes.find('\0')));
}

/// Binary, with the uppermost bit set, as GNU tar writes large and negative numbers.
std::optional<std::int64_t> binary_number(std::string_view bytes) {
  const bool negative = (static_cast<unsigned char>(bytes[0]) & 0x40U) != 0;
  std::int64_t number = negative ? -1 : 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const auto byte = static_cast<unsigned char>(bytes[at]);
    const std::int64_t digit = at == 0 ? (negative ? (byte | 0x80U) : (byte & 0x7FU)) : byte;
    if (at == 0 && negative && digit != 0xFF) return std::nullopt;
    if (at == 0) {
      number = negative ? -1 : digit;
      continue;
    }
    if (number > (kLargestFile >> 8U) || number < -(kLargestFile >> 8U)) return std::nullopt;
    number = number * 256 + digit;
  }
  return number;
}

std::optional<std::int64_t> number_in(std::string_view block, Field field) {
  std::string_view digits = raw(block, field);
  if ((static_cast<unsigned char>(digits[0]) & 0x80U) != 0) return binary_number(digits);
  while (digits.starts_with(' ')) digits.remove_prefix(1);
  digits = digits.substr(0, digits.find_first_of(std::string_view(" \0", 2)));
  if (digits.empty()) return 0;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 8);
  if (error != std::errc() || end != digits.data() + digits.size() || number < 0) return std::nullopt;
  return number;
}

bool checksum_fits(std::string_view block) {
  std::int64_t sum = std::int64_t{' '} * static_cast<std::int64_t>(kChecksum.size);
  for (std::size_t at = 0; at < block.size(); ++at) {
    const bool own = at >= kChecksum.offset && at < kChecksum.offset + kChecksum.size;
    if (!own) sum += static_cast<unsigned char>(block[at]);
  }
  return number_in(block, kChecksum) == sum;
}

std::optional<std::int64_t> decimal(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0 || number > kLargestFile)
    return std::nullopt;
  return number;
}

/// `SECONDS[.FRACTION]`, seconds perhaps negative, in nanoseconds.
std::optional<std::int64_t> time_in(std::string_view text) {
  std::int64_t seconds = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, seconds);
  if (error != std::errc() || seconds > INT64_MAX / kNanoseconds - 1 || seconds < INT64_MIN / kNanoseconds + 1) {
    return std::nullopt;
  }
  std::int64_t fraction = 0;
  std::int64_t worth = kNanoseconds / 10;
  for (const char digit : text.substr(static_cast<std::size_t>(end - text.data()))) {
    if (digit == '.') continue;
    if (digit < '0' || digit > '9') return std::nullopt;
    fraction += (digit - '0') * worth;
    worth /= 10;
  }
  return seconds * kNanoseconds + (text.starts_with('-') ? -fraction : fraction);
}

std::string name_in(std::string_view block) {
  const std::string name = text_in(block, kName);
  const bool has_prefix = raw(block, kMagic).starts_with(kMagicText.substr(0, 6)) && block[kPrefix.offset] != '\0';
  return has_prefix ? text_in(block, kPrefix) + "/" + name : name;
}

Kind kind_of(char type, std::string_view name) {
  switch (type) {
    case '0':
    case '7':
      return Kind::kFile;
    case '\0':
      return name.ends_with('/') ? Kind::kFolder : Kind::kFile;
    case '1':
      return Kind::kHardLink;
    case '2':
      return Kind::kSymlink;
    case '5':
      return Kind::kFolder;
    default:
      return Kind::kOther;
  }
}

bool is_preface(char type) { return type == 'L' || type == 'K' || type == 'x' || type == 'X' || type == 'g'; }

std::uint32_t owner_number(std::int64_t number) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(number, 0, UINT32_MAX));
}

}  // namespace

Result<void> Reader::add(std::span<const char> bytes) {
  while (!bytes.empty()) {
    if (auto stepped = step(bytes); !stepped) return stepped;
  }
  return {};
}

Result<void> Reader::finish() const {
  if (state_ == State::kEnd || (state_ == State::kHeader && block_.empty())) return {};
  return Error{"the guest's archive ends in the middle"};
}

Result<void> Reader::step(std::span<const char>& bytes) {
  if (state_ == State::kEnd) {
    bytes = {};
    return {};
  }
  if (state_ == State::kData) return take_data(bytes);
  if (state_ == State::kSkip || state_ == State::kPadding) {
    const std::int64_t wanted = state_ == State::kSkip ? left_ : static_cast<std::int64_t>(padding_);
    const auto size = std::min<std::size_t>(bytes.size(), static_cast<std::size_t>(wanted));
    bytes = bytes.subspan(size);
    if (state_ == State::kPadding) {
      padding_ -= size;
      if (padding_ == 0) state_ = State::kHeader;
      return {};
    }
    left_ -= static_cast<std::int64_t>(size);
    return left_ == 0 ? end_data() : Result<void>();
  }
  const std::size_t whole = state_ == State::kPreface ? static_cast<std::size_t>(left_) : kBlock;
  const std::size_t size = std::min(bytes.size(), whole - block_.size());
  block_.append(bytes.data(), size);
  bytes = bytes.subspan(size);
  if (block_.size() < whole) return {};
  if (state_ == State::kPreface) return take_preface();
  return state_ == State::kMap ? take_map() : take_header();
}

Result<void> Reader::take_header() {
  const std::string block = std::exchange(block_, {});
  if (block.find_first_not_of('\0') == std::string::npos) {
    state_ = State::kEnd;
    return {};
  }
  if (!checksum_fits(block)) return broken("the checksum of a header is wrong");
  const char type = block[kType.offset];
  const auto size = number_in(block, kSize);
  if (!size || *size < 0 || *size > kLargestFile) return broken("a size is no number");
  if (is_preface(type)) {
    if (*size > kPrefaceBytes) return broken("what it says of a file is too long");
    preface_ = type;
    left_ = *size;
    padding_ = padding(*size);
    state_ = State::kPreface;
    return left_ == 0 ? take_preface() : Result<void>();
  }
  if (type == 'S') return broken("files with holes are in a form of long ago");
  entry_ = {};
  entry_.name = said_.name ? *std::move(said_.name) : name_in(block);
  if (said_.is_sparse && said_.sparse_name) entry_.name = *std::move(said_.sparse_name);
  entry_.target = said_.target ? *std::move(said_.target) : text_in(block, kLinkName);
  entry_.user = said_.user ? *std::move(said_.user) : text_in(block, kUser);
  entry_.group = said_.group ? *std::move(said_.group) : text_in(block, kGroup);
  entry_.mode = static_cast<std::uint32_t>(number_in(block, kMode).value_or(0)) & 07777U;
  entry_.uid = owner_number(said_.uid.value_or(number_in(block, kUid).value_or(0)));
  entry_.gid = owner_number(said_.gid.value_or(number_in(block, kGid).value_or(0)));
  const auto seconds = std::clamp<std::int64_t>(number_in(block, kTime).value_or(0), INT64_MIN / kNanoseconds + 1,
                                                INT64_MAX / kNanoseconds - 1);
  entry_.modify_time = said_.modify_time.value_or(seconds * kNanoseconds);
  return begin_member(type, said_.size.value_or(*size));
}

Result<void> Reader::begin_member(char type, std::int64_t size) {
  const Said said = std::exchange(said_, {});
  entry_.kind = kind_of(type, entry_.name);
  // Their sizes are said to stand for nothing.
  const bool has_data = entry_.kind == Kind::kFile || entry_.kind == Kind::kOther;
  left_ = has_data ? size : 0;
  padding_ = padding(left_);
  extent_ = 0;
  if (entry_.kind == Kind::kFile && said.is_sparse) {
    if (!said.real_size) return broken("a file with holes has no size");
    entry_.size = *said.real_size;
    map_.clear();
    map_at_ = map_numbers_ = 0;
    state_ = State::kMap;
    return {};
  }
  entry_.size = left_;
  if (left_ > 0) entry_.data = {{0, left_}};
  return begin_data();
}

Result<void> Reader::take_preface() {
  std::string text = std::exchange(block_, {});
  state_ = padding_ == 0 ? State::kHeader : State::kPadding;
  if (preface_ == 'L' || preface_ == 'K') {
    text.resize(std::min(text.size(), text.find('\0')));
    (preface_ == 'L' ? said_.name : said_.target) = std::move(text);
  } else if (preface_ != 'g') {
    if (auto taken = take_records(text); !taken) return taken;
  }
  return {};
}

Result<void> Reader::take_records(std::string_view records) {
  while (!records.empty() && records.front() != '\0') {
    const auto blank = records.find(' ');
    const auto length = decimal(records.substr(0, std::min(blank, records.size())));
    if (blank == std::string_view::npos || !length || static_cast<std::size_t>(*length) > records.size() ||
        static_cast<std::size_t>(*length) < blank + 2) {
      return broken("an extended header is broken");
    }
    const auto record = records.substr(blank + 1, static_cast<std::size_t>(*length) - blank - 2);
    records.remove_prefix(static_cast<std::size_t>(*length));
    const auto equals = record.find('=');
    if (equals == std::string_view::npos) return broken("an extended header is broken");
    if (auto taken = take_record(record.substr(0, equals), record.substr(equals + 1)); !taken) return taken;
  }
  return {};
}

Result<void> Reader::take_record(std::string_view key, std::string_view value) {
  const auto take_number = [&](std::optional<std::int64_t>& into) -> Result<void> {
    into = decimal(value);
    return into ? Result<void>() : broken("an extended header has a number that is none");
  };
  // A NUL would end the name for the kernel, but not here.
  const std::string text(value.substr(0, value.find('\0')));
  if (key == "path") said_.name = text;
  if (key == "linkpath") said_.target = text;
  if (key == "uname") said_.user = text;
  if (key == "gname") said_.group = text;
  if (key == "size") return take_number(said_.size);
  if (key == "uid") return take_number(said_.uid);
  if (key == "gid") return take_number(said_.gid);
  if (key == "mtime") said_.modify_time = time_in(value);
  if (key == "GNU.sparse.name") said_.sparse_name = text;
  if (key == "GNU.sparse.realsize") return take_number(said_.real_size);
  if (key == "GNU.sparse.major") said_.is_sparse = true;
  const bool old = (key == "GNU.sparse.major" && value != "1") || key == "GNU.sparse.map" || key == "GNU.sparse.size";
  if (old) return broken("files with holes are in a form of long ago");
  return {};
}

/// Numbers, one in a line: how many extents, and offset and length of each.
Result<void> Reader::take_map() {
  if (left_ < static_cast<std::int64_t>(kBlock)) return broken("the map of a file is cut off");
  left_ -= static_cast<std::int64_t>(kBlock);
  map_.erase(0, std::exchange(map_at_, 0));
  map_ += std::exchange(block_, {});
  for (;;) {
    const auto end = map_.find('\n', map_at_);
    if (end == std::string::npos) return map_.size() - map_at_ > kBlock ? broken("a map is broken") : Result<void>();
    const auto number = decimal(std::string_view(map_).substr(map_at_, end - map_at_));
    if (!number) return broken("a map is broken");
    map_at_ = end + 1;
    if (map_numbers_ == 0) {
      if (*number > static_cast<std::int64_t>(kExtents)) return broken("a map is too long");
      map_numbers_ = 1 + 2 * static_cast<std::size_t>(*number);
    } else if (map_numbers_ % 2 == 0) {
      entry_.data.push_back({*number, 0});
    } else {
      entry_.data.back().length = *number;
    }
    if (--map_numbers_ == 0) return begin_data();
  }
}

Result<void> Reader::begin_data() {
  std::int64_t end = 0;
  std::int64_t bytes = 0;
  for (const Extent& extent : entry_.data) {
    if (extent.offset < end || extent.length > entry_.size || extent.offset > entry_.size - extent.length) {
      return broken("the map of a file lies outside of it");
    }
    end = extent.offset + extent.length;
    bytes += extent.length;
  }
  if (entry_.kind == Kind::kFile && bytes != left_) return broken("the map of a file does not fit its data");
  std::erase_if(entry_.data, [](const Extent& extent) { return extent.length == 0; });
  if (auto begun = receiver_.begin(entry_); !begun) return begun;
  if (left_ == 0) return end_data();
  state_ = entry_.kind == Kind::kFile ? State::kData : State::kSkip;
  at_ = entry_.data.empty() ? 0 : entry_.data.front().offset;
  return {};
}

Result<void> Reader::take_data(std::span<const char>& bytes) {
  const Extent& extent = entry_.data[extent_];
  const std::int64_t room = extent.offset + extent.length - at_;
  const auto piece = bytes.first(std::min<std::size_t>(bytes.size(), static_cast<std::size_t>(room)));
  bytes = bytes.subspan(piece.size());
  if (auto taken = receiver_.data(at_, piece); !taken) return taken;
  at_ += static_cast<std::int64_t>(piece.size());
  left_ -= static_cast<std::int64_t>(piece.size());
  if (left_ == 0) return end_data();
  if (at_ == extent.offset + extent.length) at_ = entry_.data[++extent_].offset;
  return {};
}

Result<void> Reader::end_data() {
  state_ = padding_ == 0 ? State::kHeader : State::kPadding;
  return receiver_.end();
}

}  // namespace guestd::copy::tar
