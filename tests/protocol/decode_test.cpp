// SPDX-License-Identifier: Apache-2.0
#include "protocol/decode.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace guestd::protocol {
namespace {

/// A document that holds one value, for as long as the test looks at it.
class One {
 public:
  explicit One(std::string_view json) : document_(JsonDocument::parse(Buffer("[" + std::string(json) + "]"))) {}
  [[nodiscard]] JsonView value() const { return *document_->root().begin(); }

 private:
  Result<JsonDocument> document_;
};

/// The text of the error, or "fine".
template <typename T>
std::string outcome(const Result<T>& result) {
  return result ? "fine" : result.error().text;
}

constexpr const char* kEveryType[] = {"null", "true", "1", "18446744073709551615", "1.5", "\"s\"", "[]", "{}"};

TEST(DecodeErrors, HaveTheTextsThatClientsMatch) {
  EXPECT_EQ(decode::missing("path").text, "Parameter 'path' is missing");
  EXPECT_EQ(decode::unexpected("vcpus[0].x").text, "Parameter 'vcpus[0].x' is unexpected");
  EXPECT_EQ(decode::wrong_type("handle", "integer").text, "Invalid parameter type for 'handle', expected: integer");
  EXPECT_EQ(decode::bad_value("mode", "halt").text, "Parameter 'mode' does not accept value 'halt'");
}

TEST(DecodeErrors, AreOfTheGenericKind) {
  EXPECT_EQ(decode::missing("path").kind, Error::Kind::kGeneric);
  EXPECT_EQ(decode::missing("path").errno_value, 0);
}

TEST(DecodeErrors, ShowNoMoreThanTheBeginningOfALongName) {
  const std::string exact(1024, 'n');
  EXPECT_EQ(decode::unexpected(exact).text, "Parameter '" + exact + "' is unexpected");
  const std::string cut = std::string(1021, 'n') + "...";
  EXPECT_EQ(decode::unexpected(exact + "n").text, "Parameter '" + cut + "' is unexpected");
  EXPECT_EQ(decode::bad_value("mode", std::string(64 << 20, 'n')).text,
            "Parameter 'mode' does not accept value '" + cut + "'");
}

TEST(DecodeErrors, CutALongNameBetweenCharacters) {
  for (const std::string_view character : {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
    std::string name;
    while (name.size() < 2000) name += character;
    const std::string text = decode::missing(name).text;
    const std::size_t shown = text.find("...") - std::string_view("Parameter '").size();
    EXPECT_EQ(shown % character.size(), 0U) << text;
    EXPECT_GT(shown, 1016U);
  }
}

TEST(DecodeErrors, CutWhatIsNotUtf8AsWell) { EXPECT_LT(decode::missing(std::string(5000, '\x80')).text.size(), 1100U); }

TEST(DecodeBoolean, AcceptsNothingElse) {
  EXPECT_TRUE(*decode::boolean(One("true").value(), "b"));
  EXPECT_FALSE(*decode::boolean(One("false").value(), "b"));
  for (const std::string_view json : kEveryType) {
    if (json == "true") continue;
    EXPECT_EQ(outcome(decode::boolean(One(json).value(), "b")), "Invalid parameter type for 'b', expected: boolean")
        << json;
  }
}

TEST(DecodeInteger, AcceptsTheWholeRangeOfInt64) {
  EXPECT_EQ(*decode::integer(One("-9223372036854775808").value(), "i"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(*decode::integer(One("9223372036854775807").value(), "i"), std::numeric_limits<std::int64_t>::max());
}

TEST(DecodeInteger, RefusesEveryOtherType) {
  for (const std::string_view json : {"null", "true", "9223372036854775808", "1.0", "1e3", "\"1\"", "[]", "{}"}) {
    EXPECT_EQ(outcome(decode::integer(One(json).value(), "vcpus[0].logical-id")),
              "Invalid parameter type for 'vcpus[0].logical-id', expected: integer")
        << json;
  }
}

TEST(DecodeSizedInteger, AcceptsItsRangeOnly) {
  const auto uint8 = [](std::string_view json) {
    return decode::integer_in(One(json).value(), "u", 0, 255, "uint8_t");
  };
  EXPECT_EQ(*uint8("0"), 0);
  EXPECT_EQ(*uint8("255"), 255);
  EXPECT_EQ(outcome(uint8("256")), "Parameter 'u' expects uint8_t");
  EXPECT_EQ(outcome(uint8("-1")), "Parameter 'u' expects uint8_t");
  EXPECT_EQ(outcome(uint8("\"1\"")), "Invalid parameter type for 'u', expected: integer");
}

TEST(DecodeUint64, AcceptsTheWholeRangeAndWrapsNegativeNumbers) {
  EXPECT_EQ(*decode::uint64(One("0").value(), "u"), 0U);
  EXPECT_EQ(*decode::uint64(One("18446744073709551615").value(), "u"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(*decode::uint64(One("-1").value(), "u"), std::numeric_limits<std::uint64_t>::max());
}

TEST(DecodeUint64, HasOneTextForWhateverItRefuses) {
  for (const std::string_view json : {"null", "true", "18446744073709551616", "1.0", "\"1\"", "[]", "{}"}) {
    EXPECT_EQ(outcome(decode::uint64(One(json).value(), "u")), "Parameter 'u' expects uint64") << json;
  }
}

TEST(DecodeNumber, AcceptsIntegersAndFractions) {
  EXPECT_EQ(*decode::number(One("-3").value(), "n"), -3.0);
  EXPECT_EQ(*decode::number(One("18446744073709551615").value(), "n"), 18446744073709551615.0);
  EXPECT_EQ(*decode::number(One("2.5e1").value(), "n"), 25.0);
  for (const std::string_view json : {"null", "true", "\"1\"", "[]", "{}"}) {
    EXPECT_EQ(outcome(decode::number(One(json).value(), "n")), "Invalid parameter type for 'n', expected: number");
  }
}

TEST(DecodeString, CopiesTheUnescapedText) {
  EXPECT_EQ(*decode::string(One(R"("a\n\u00e9\"")").value(), "s"), "a\n\xC3\xA9\"");
  EXPECT_EQ(*decode::string(One(R"("")").value(), "s"), "");
  for (const std::string_view json : kEveryType) {
    if (json == "\"s\"") continue;
    EXPECT_EQ(outcome(decode::string(One(json).value(), "s")), "Invalid parameter type for 's', expected: string");
  }
}

TEST(DecodeBase64, RefersToTheTextAndLeavesDecodingToTheCommand) {
  const One one(R"("Zm9v\nYmFy")");
  const auto text = decode::base64(one.value(), "buf-b64");
  ASSERT_TRUE(text);
  EXPECT_EQ(text->text(), "Zm9v\nYmFy");
  const auto bytes = text->decode();
  ASSERT_TRUE(bytes);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()), "foobar");
}

TEST(DecodeBase64, RefusesOtherTypesButNotYetBadText) {
  EXPECT_EQ(outcome(decode::base64(One("1").value(), "buf-b64")),
            "Invalid parameter type for 'buf-b64', expected: string");
  EXPECT_EQ(outcome(decode::base64(One("\"*\"").value(), "buf-b64")), "fine");
}

TEST(DecodeContainers, AreToldApart) {
  for (const std::string_view json : kEveryType) {
    EXPECT_EQ(outcome(decode::object(One(json).value(), "o")),
              json == "{}" ? "fine" : "Invalid parameter type for 'o', expected: object");
    EXPECT_EQ(outcome(decode::array(One(json).value(), "a")),
              json == "[]" ? "fine" : "Invalid parameter type for 'a', expected: array");
  }
}

TEST(DecodeNames, AreJoinedAsQemuDoes) {
  EXPECT_EQ(decode::member_name("", "vcpus"), "vcpus");
  EXPECT_EQ(decode::element_name("vcpus", 0), "vcpus[0]");
  EXPECT_EQ(decode::member_name(decode::element_name("mem-blks", 12), "phys-index"), "mem-blks[12].phys-index");
  EXPECT_EQ(decode::element_name("arg", 1), "arg[1]");
}

TEST(DecodeNoOthers, NamesTheFirstMemberThatIsNotKnown) {
  const One one(R"({"path":1,"x":2,"mode":3,"y":4})");
  EXPECT_EQ(outcome(decode::no_others(one.value(), "", {"path", "mode"})), "Parameter 'x' is unexpected");
  EXPECT_EQ(outcome(decode::no_others(one.value(), "vcpus[0]", {"path", "x", "mode"})),
            "Parameter 'vcpus[0].y' is unexpected");
  EXPECT_EQ(outcome(decode::no_others(one.value(), "", {"y", "mode", "x", "path"})), "fine");
}

TEST(DecodeNoOthers, AcceptsAnEmptyObject) {
  EXPECT_EQ(outcome(decode::no_others(One("{}").value(), "", {})), "fine");
  EXPECT_EQ(outcome(decode::no_others(One("{}").value(), "", {"path"})), "fine");
}

TEST(DecodeNoOthers, KeepsTheErrorShortForAHugeKey) {
  const One one("{\"" + std::string(1 << 20, 'k') + "\":1}");
  const std::string text = outcome(decode::no_others(one.value(), "vcpus[0]", {"path"}));
  EXPECT_LT(text.size(), 1100U);
  EXPECT_TRUE(text.starts_with("Parameter 'vcpus[0].kkk")) << text;
  EXPECT_TRUE(text.ends_with("k...' is unexpected")) << text;
}

}  // namespace
}  // namespace guestd::protocol
