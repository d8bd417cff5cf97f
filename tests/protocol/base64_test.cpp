// SPDX-License-Identifier: Apache-2.0
#include "protocol/base64.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <span>
#include <string>
#include <string_view>

namespace guestd::protocol {
namespace {

constexpr std::string_view kInvalid = "Base64 data contains invalid characters";
constexpr std::string_view kUnpadded = "Base64 data is not padded correctly";
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct Implementation {
  std::string_view name;
  void (*encode)(std::span<const std::byte>, std::string&);
  Result<std::size_t> (*decode)(std::span<char>);
};

std::string encoded(const Implementation& implementation, std::string_view bytes) {
  std::string text;
  implementation.encode(std::as_bytes(std::span(bytes)), text);
  return text;
}

/// What became of a text: the bytes, or the text of the error in angle brackets.
std::string decoded(const Implementation& implementation, std::string text) {
  const auto size = implementation.decode(text);
  if (!size) return "<" + size.error().text + ">";
  text.resize(*size);
  return text;
}

std::string failure(std::string_view text) { return "<" + std::string(text) + ">"; }

std::string random_bytes(std::size_t size, std::mt19937& random) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random() & 0xFFU);
  return bytes;
}

/// Straight from RFC 4648, bit by bit: the third opinion.
std::string reference(std::string_view bytes) {
  std::string text;
  for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 6) {
    unsigned value = 0;
    for (std::size_t i = bit; i < bit + 6; ++i) {
      const unsigned byte = i / 8 < bytes.size() ? static_cast<unsigned char>(bytes[i / 8]) : 0U;
      value = value << 1U | (byte >> (7U - i % 8U) & 1U);
    }
    text += kAlphabet[value];
  }
  while (text.size() % 4 != 0) text += '=';
  return text;
}

std::string with_breaks(std::string_view text, std::size_t columns, std::string_view line_break) {
  std::string lines;
  for (std::size_t at = 0; at < text.size(); at += columns) {
    lines += text.substr(at, columns);
    lines += line_break;
  }
  return lines;
}

class Base64 : public testing::TestWithParam<Implementation> {};

TEST_P(Base64, EncodesTheVectorsOfTheRfc) {
  EXPECT_EQ(encoded(GetParam(), ""), "");
  EXPECT_EQ(encoded(GetParam(), "f"), "Zg==");
  EXPECT_EQ(encoded(GetParam(), "fo"), "Zm8=");
  EXPECT_EQ(encoded(GetParam(), "foo"), "Zm9v");
  EXPECT_EQ(encoded(GetParam(), "foob"), "Zm9vYg==");
  EXPECT_EQ(encoded(GetParam(), "fooba"), "Zm9vYmE=");
  EXPECT_EQ(encoded(GetParam(), "foobar"), "Zm9vYmFy");
}

TEST_P(Base64, DecodesTheVectorsOfTheRfc) {
  EXPECT_EQ(decoded(GetParam(), ""), "");
  EXPECT_EQ(decoded(GetParam(), "Zg=="), "f");
  EXPECT_EQ(decoded(GetParam(), "Zm8="), "fo");
  EXPECT_EQ(decoded(GetParam(), "Zm9v"), "foo");
  EXPECT_EQ(decoded(GetParam(), "Zm9vYg=="), "foob");
  EXPECT_EQ(decoded(GetParam(), "Zm9vYmE="), "fooba");
  EXPECT_EQ(decoded(GetParam(), "Zm9vYmFy"), "foobar");
}

TEST_P(Base64, EncodesAndDecodesEveryLength) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size <= 400; ++size) {
    const std::string bytes = random_bytes(size, random);
    const std::string text = reference(bytes);
    ASSERT_EQ(encoded(GetParam(), bytes), text) << size;
    ASSERT_EQ(decoded(GetParam(), text), bytes) << size;
  }
}

TEST_P(Base64, EncodesAndDecodesWhatSpansManyPieces) {
  std::mt19937 random(2);
  for (const std::size_t size : {9215U, 9216U, 9217U, 18432U, 100001U, 1000000U}) {
    const std::string bytes = random_bytes(size, random);
    const std::string text = reference(bytes);
    ASSERT_TRUE(encoded(GetParam(), bytes) == text) << size;
    ASSERT_TRUE(decoded(GetParam(), text) == bytes) << size;
  }
}

TEST_P(Base64, AppendsToWhatIsInTheString) {
  std::string text = "{\"buf-b64\": \"";
  GetParam().encode(std::as_bytes(std::span(std::string_view("foobar"))), text);
  EXPECT_EQ(text, "{\"buf-b64\": \"Zm9vYmFy");
}

TEST_P(Base64, SkipsALineBreakAtEveryPlace) {
  std::mt19937 random(3);
  for (const std::size_t size : {1U, 2U, 3U, 24U, 71U, 97U, 120U}) {
    const std::string bytes = random_bytes(size, random);
    const std::string text = reference(bytes);
    for (std::size_t at = 0; at <= text.size(); ++at) {
      for (const std::string_view line_break : {"\n", "\r\n", "\r", "\n\n\n\n\n"}) {
        std::string broken = text;
        broken.insert(at, line_break);
        ASSERT_EQ(decoded(GetParam(), broken), bytes) << size << " at " << at;
      }
    }
  }
}

TEST_P(Base64, SkipsLineBreaksInEveryNumberOfColumns) {
  std::mt19937 random(4);
  const std::string bytes = random_bytes(1000, random);
  const std::string text = reference(bytes);
  for (std::size_t columns = 1; columns <= 140; ++columns) {
    ASSERT_EQ(decoded(GetParam(), with_breaks(text, columns, "\n")), bytes) << columns;
    ASSERT_EQ(decoded(GetParam(), with_breaks(text, columns, "\r\n")), bytes) << columns;
  }
}

TEST_P(Base64, DecodesNothingButLineBreaksToNothing) {
  EXPECT_EQ(decoded(GetParam(), "\n"), "");
  EXPECT_EQ(decoded(GetParam(), std::string(1000, '\n')), "");
}

TEST_P(Base64, SkipsALongRunOfLineBreaksAnywhere) {
  const std::string run(1000, '\r');
  EXPECT_EQ(decoded(GetParam(), run + "Zm9v"), "foo");
  EXPECT_EQ(decoded(GetParam(), "Zm" + run + "9v" + run + "YmFy"), "foobar");
  EXPECT_EQ(decoded(GetParam(), "Zm" + run + "8" + run + "=" + run), "fo");
}

TEST_P(Base64, AcceptsTheAlphabetAndLineBreaksOnlyWhereverTheyStand) {
  const std::string good(96, 'A');
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      const char c = static_cast<char>(byte);
      std::string text = good;
      text[at] = c;
      const std::string result = decoded(GetParam(), text);
      if (kAlphabet.find(c) != std::string_view::npos) {
        ASSERT_EQ(encoded(GetParam(), result), text) << byte << " at " << at;
      } else if (c == '\n' || c == '\r' || (c == '=' && at + 1 < good.size())) {
        ASSERT_EQ(result, failure(kUnpadded)) << byte << " at " << at;  // a character is missing now
      } else if (c == '=') {
        ASSERT_EQ(result, std::string(71, '\0'));
      } else {
        ASSERT_EQ(result, failure(kInvalid)) << byte << " at " << at;
      }
    }
  }
}

TEST_P(Base64, RefusesTextsOfALengthThatCannotBe) {
  for (std::size_t length = 1; length < 200; ++length) {
    if (length % 4 == 0) continue;
    EXPECT_EQ(decoded(GetParam(), std::string(length, 'A')), failure(kUnpadded)) << length;
    EXPECT_EQ(decoded(GetParam(), std::string(length, 'A') + "\n\n\n"), failure(kUnpadded)) << length;
  }
}

TEST_P(Base64, RefusesPaddingThatIsNotTheEnd) {
  for (const std::string_view text : {"=", "==", "===", "====", "A===", "=AAA", "A=AA", "AA=A", "AA==AAAA", "AAA=AAAA",
                                      "AA==AA==", "AAAA=", "AAAA==", "AAAA====", "AA=", "AA=\n", "AAA==", "AA==="}) {
    EXPECT_EQ(decoded(GetParam(), std::string(text)), failure(kUnpadded)) << text;
    EXPECT_EQ(decoded(GetParam(), std::string(128, 'x') + std::string(text)), failure(kUnpadded)) << text;
    EXPECT_EQ(decoded(GetParam(), std::string(text) + std::string(128, 'x')), failure(kUnpadded)) << text;
  }
}

TEST_P(Base64, RefusesUnusedBitsThatAreNotZero) {
  for (std::size_t value = 0; value < 64; ++value) {
    const std::string one = {'A', kAlphabet[value], '=', '='};
    EXPECT_EQ(decoded(GetParam(), one) == failure(kUnpadded), value % 16 != 0) << one;
    const std::string two = {'A', 'A', kAlphabet[value], '='};
    EXPECT_EQ(decoded(GetParam(), two) == failure(kUnpadded), value % 4 != 0) << two;
  }
}

TEST_P(Base64, NamesAWrongCharacterBeforeWrongPadding) {
  EXPECT_EQ(decoded(GetParam(), "AA=A" + std::string(100, 'A') + "*"), failure(kInvalid));
  EXPECT_EQ(decoded(GetParam(), "A-"), failure(kInvalid));
  EXPECT_EQ(decoded(GetParam(), std::string("AA==\0", 5)), failure(kInvalid));
  EXPECT_EQ(decoded(GetParam(), "AA== "), failure(kInvalid));
}

INSTANTIATE_TEST_SUITE_P(Implementations, Base64,
                         testing::Values(Implementation{"fast", base64::encode, base64::decode_in_place},
                                         Implementation{"portable", base64::portable::encode,
                                                        base64::portable::decode_in_place}),
                         [](const auto& test) { return std::string(test.param.name); });

constexpr Implementation kFast = {"fast", base64::encode, base64::decode_in_place};
constexpr Implementation kPortable = {"portable", base64::portable::encode, base64::portable::decode_in_place};

TEST(Base64Fast, AgreesWithThePortableOneOnMangledTexts) {
  std::mt19937 random(5);
  for (int round = 0; round < 20000; ++round) {
    std::string text = with_breaks(reference(random_bytes(random() % 300, random)), 1 + random() % 100, "\n");
    for (auto faults = random() % 3; faults > 0 && !text.empty(); --faults) {
      text[random() % text.size()] = static_cast<char>(random() & 0xFFU);
    }
    ASSERT_EQ(decoded(kFast, text), decoded(kPortable, text)) << text;
  }
}

TEST(Base64Fast, IsUsedWhereTheProcessorHasIt) {
#if defined(__aarch64__)
  EXPECT_EQ(base64::implementation(), "neon");
#elif defined(__x86_64__)
  EXPECT_EQ(base64::implementation(), __builtin_cpu_supports("avx2") ? "avx2" : "portable");
#else
  EXPECT_EQ(base64::implementation(), "portable");
#endif
}

/// Memory between two pages that nobody may touch.
class GuardedPages {
 public:
  GuardedPages() : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    void* pages = mmap(nullptr, 3 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) return;
    base_ = static_cast<char*>(pages);
    if (mprotect(base_ + page_, page_, PROT_READ | PROT_WRITE) != 0) std::abort();
  }
  ~GuardedPages() {
    if (base_ != nullptr) munmap(base_, 3 * page_);
  }
  GuardedPages(const GuardedPages&) = delete;
  GuardedPages& operator=(const GuardedPages&) = delete;

  [[nodiscard]] bool valid() const { return base_ != nullptr; }
  std::span<char> at_end(std::string_view content) { return put(base_ + 2 * page_ - content.size(), content); }
  std::span<char> at_begin(std::string_view content) { return put(base_ + page_, content); }

 private:
  static std::span<char> put(char* place, std::string_view content) {
    std::copy(content.begin(), content.end(), place);
    return {place, content.size()};
  }

  std::size_t page_;
  char* base_ = nullptr;
};

TEST(Base64Fast, TouchesNothingOutsideOfTheText) {
  GuardedPages pages;
  ASSERT_TRUE(pages.valid());
  std::mt19937 random(6);
  for (std::size_t size = 0; size <= 300; ++size) {
    const std::string bytes = random_bytes(size, random);
    for (const std::size_t columns : {76U, 13U, 1000U}) {
      const std::string text = with_breaks(reference(bytes), columns, "\n");
      for (const bool at_end : {true, false}) {
        const std::span<char> place = at_end ? pages.at_end(text) : pages.at_begin(text);
        const auto decoded_size = base64::decode_in_place(place);
        ASSERT_TRUE(decoded_size) << size;
        ASSERT_EQ(std::string_view(place.data(), *decoded_size), bytes) << size;
      }
    }
  }
}

TEST(Base64Fast, ReadsNothingOutsideOfTheBytes) {
  GuardedPages pages;
  ASSERT_TRUE(pages.valid());
  std::mt19937 random(7);
  for (std::size_t size = 0; size <= 300; ++size) {
    const std::string bytes = random_bytes(size, random);
    for (const bool at_end : {true, false}) {
      const std::span<char> place = at_end ? pages.at_end(bytes) : pages.at_begin(bytes);
      std::string text;
      base64::encode(std::as_bytes(place), text);
      ASSERT_EQ(text, reference(bytes));
    }
  }
}

TEST(Base64Fast, LeavesWhatStandsAroundTheTextUnchanged) {
  std::mt19937 random(8);
  for (std::size_t size = 0; size <= 300; ++size) {
    const std::string text = reference(random_bytes(size, random));
    std::string whole = std::string(64, '#') + text + std::string(64, '#');
    ASSERT_TRUE(base64::decode_in_place(std::span(whole).subspan(64, text.size())));
    ASSERT_EQ(whole.substr(0, 64), std::string(64, '#')) << size;
    ASSERT_EQ(whole.substr(64 + text.size()), std::string(64, '#')) << size;
  }
}

TEST(Base64TextMember, GivesItsTextUntilItIsDecoded) {
  std::string message = "Zm9v\nYmFy";
  const Base64Text member{std::span(message)};
  EXPECT_EQ(member.text(), "Zm9v\nYmFy");
  const auto bytes = member.decode();
  ASSERT_TRUE(bytes);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()), "foobar");
  EXPECT_EQ(static_cast<const void*>(bytes->data()), message.data());
}

TEST(Base64TextMember, IsOverwrittenInTheMessageWhenItIsForgotten) {
  std::string message = "c2VzYW1l";
  const Base64Text member{std::span(message)};
  ASSERT_TRUE(member.decode());
  member.forget();
  EXPECT_EQ(message, std::string(8, '\0'));
  Base64Text().forget();
}

TEST(Base64TextMember, ReportsMalformedText) {
  std::string message = "Zm9v*";
  const auto bytes = Base64Text{std::span(message)}.decode();
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().text, kInvalid);
}

TEST(Base64TextMember, IsEmptyWhenItWasNotSent) {
  const auto bytes = Base64Text().decode();
  ASSERT_TRUE(bytes);
  EXPECT_TRUE(bytes->empty());
}

}  // namespace
}  // namespace guestd::protocol
