// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client/copy/tar/encode.hpp"
#include "client/copy/tar/reader.hpp"

namespace guestd::copy::tar {
namespace {

/// Keeps what it is given.
struct Kept : Receiver {
  struct Member {
    Entry entry;
    std::string content;
    bool ended = false;
  };

  Result<void> begin(const Entry& entry) override {
    members.push_back({entry, std::string(static_cast<std::size_t>(entry.size), '.')});
    return {};
  }
  Result<void> data(std::int64_t offset, std::span<const char> bytes) override {
    members.back().content.replace(static_cast<std::size_t>(offset), bytes.size(), bytes.data(), bytes.size());
    return {};
  }
  Result<void> end() override {
    members.back().ended = true;
    return {};
  }

  std::vector<Member> members;
};

Entry file(std::string name, std::int64_t size, std::vector<Extent> data) {
  Entry entry;
  entry.name = std::move(name);
  entry.mode = 0640;
  entry.uid = 4'000'000'000;
  entry.user = "alice";
  entry.group = "staff";
  entry.modify_time = 1'000'000'000'000'000'005;
  entry.size = size;
  entry.data = std::move(data);
  return entry;
}

std::string member(const Entry& entry, const std::string& data) {
  return encode(entry) + data + std::string(padding(static_cast<std::int64_t>(data.size())), '\0');
}

Result<Kept> read(const std::string& archive, std::size_t piece) {
  Kept kept;
  Reader reader(kept);
  for (std::size_t at = 0; at < archive.size(); at += piece) {
    const std::string bytes = archive.substr(at, piece);
    if (auto added = reader.add(bytes); !added) return std::move(added).error();
  }
  if (auto whole = reader.finish(); !whole) return std::move(whole).error();
  return kept;
}

TEST(Tar, BringsBackWhatWasPutInWhateverThePieces) {
  Entry link;
  link.name = std::string(300, 'l');
  link.kind = Kind::kSymlink;
  link.target = "a\xff\n" + std::string(200, 't');
  const std::string archive = member(file("-odd\nname\xff", 5, {{0, 5}}), "hello") + encode(link) +
                              member(file("holes", 2000, {{100, 3}, {600, 2}}), "abcde") +
                              member(file("hollow", 3000, {}), "") + member(file("empty", 0, {}), "") +
                              end_of_archive();
  for (const std::size_t piece : {std::size_t{1}, std::size_t{511}, std::size_t{512}, archive.size()}) {
    auto kept = read(archive, piece);
    ASSERT_TRUE(kept) << kept.error().text;
    ASSERT_EQ(kept->members.size(), 5U);
    const Entry& first = kept->members[0].entry;
    EXPECT_EQ(first.name, "-odd\nname\xff");
    EXPECT_EQ(kept->members[0].content, "hello");
    EXPECT_EQ(first.mode, 0640U);
    EXPECT_EQ(first.uid, 4'000'000'000U);
    EXPECT_EQ(first.user + ":" + first.group, "alice:staff");
    EXPECT_EQ(first.modify_time, 1'000'000'000'000'000'005);
    EXPECT_EQ(kept->members[1].entry.name, link.name);
    EXPECT_EQ(kept->members[1].entry.target, link.target);
    EXPECT_EQ(kept->members[1].entry.kind, Kind::kSymlink);
    EXPECT_EQ(kept->members[2].entry.name, "holes");
    const std::string holes = std::string(100, '.') + "abc" + std::string(497, '.') + "de" + std::string(1398, '.');
    EXPECT_EQ(kept->members[2].content, holes);
    EXPECT_EQ(kept->members[3].entry.size, 3000);
    EXPECT_TRUE(kept->members[3].entry.data.empty());
    EXPECT_EQ(kept->members[4].entry.size, 0);
    for (const auto& each : kept->members) EXPECT_TRUE(each.ended);
  }
}

TEST(Tar, TakesTimesBeforeTheEpoch) {
  Entry old = file("old", 0, {});
  old.modify_time = -1'500'000'000;
  auto kept = read(encode(old), 512);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->members.at(0).entry.modify_time, -2'000'000'000);
}

/// A header whose checksum is right again after a change.
std::string mended(std::string block) {
  block.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (const char byte : block) sum += static_cast<unsigned char>(byte);
  std::string digits;
  for (; sum > 0; sum /= 8) digits.insert(digits.begin(), static_cast<char>('0' + sum % 8));
  block.replace(148, 8, std::string(6 - digits.size(), '0') + digits + std::string("\0 ", 2));
  return block;
}

std::string extended(const std::string& records) {
  Entry entry =
      file("pax", static_cast<std::int64_t>(records.size()), {{0, static_cast<std::int64_t>(records.size())}});
  entry.modify_time = 0;
  std::string block = encode(entry);
  block[156] = 'x';
  return mended(block) + records + std::string(padding(static_cast<std::int64_t>(records.size())), '\0');
}

std::string failure(const std::string& archive) {
  auto kept = read(archive, 700);
  return kept ? "" : kept.error().text;
}

TEST(Tar, RefusesWhatMakesNoSense) {
  Entry plain = file("a", 0, {});
  plain.modify_time = 0;
  const std::string header = encode(plain);
  EXPECT_NE(failure(std::string(512, 'x')).find("checksum"), std::string::npos);
  EXPECT_NE(failure(header.substr(0, 500)).find("in the middle"), std::string::npos);
  EXPECT_NE(failure(encode(file("a", 5, {{0, 5}})) + "hel").find("in the middle"), std::string::npos);

  std::string odd_size = header;
  odd_size.replace(124, 12, "nonsense    ");
  EXPECT_NE(failure(mended(odd_size)).find("no number"), std::string::npos);
  std::string negative = header;
  negative.replace(124, 12, 12, '\xff');
  EXPECT_NE(failure(mended(negative)).find("no number"), std::string::npos);
  std::string long_name = header;
  long_name[156] = 'L';
  long_name.replace(124, 12, "77777777777 ");
  EXPECT_NE(failure(mended(long_name)).find("too long"), std::string::npos);
  std::string old_holes = header;
  old_holes[156] = 'S';
  EXPECT_NE(failure(mended(old_holes)).find("long ago"), std::string::npos);
}

TEST(Tar, RefusesBrokenExtendedHeaders) {
  for (const char* const records : {"x", "9999 a=b\n", "2 a=b\n", "0 \n", "-5 a=b\n", "6 ab=\n6 a b\n", "13 size=-12\n",
                                    "27 size=99999999999999999\n", "20 GNU.sparse.map=0\n"}) {
    EXPECT_NE(failure(extended(records) + encode(file("a", 0, {}))), "") << records;
  }
}

TEST(Tar, RefusesMapsThatDoNotFitTheirFiles) {
  const std::string said = "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n27 GNU.sparse.realsize=100\n";
  const auto with_map = [&](std::string map, const std::string& data) {
    map.resize(512, '\0');
    const auto size = static_cast<std::int64_t>(map.size() + data.size());
    Entry entry = file("a", size, {{0, size}});
    entry.modify_time = 0;
    return failure(extended(said) + member(entry, map + data));
  };
  EXPECT_EQ(with_map("2\n0\n2\n100\n0\n", "ab"), "");
  for (const char* const map : {"1\n99\n2\n", "2\n5\n1\n4\n1\n", "1\n0\n3\n", "1\n-1\n2\n", "9999999999\n", "x\n",
                                "1\n0\n", "1\n9223372036854775807\n2\n"}) {
    EXPECT_NE(with_map(map, "ab"), "") << map;
  }
}

}  // namespace
}  // namespace guestd::copy::tar
