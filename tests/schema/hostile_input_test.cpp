// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <ostream>

#include "tests/schema/compiled.hpp"

/// Inputs that made a slower compiler take minutes, a recursive one crash, or a talkative one fill the memory.
namespace guestd::schema {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kMany = 40'000;

std::string repeated(int count, const std::function<std::string(const std::string& number)>& part) {
  std::string text;
  for (int index = 0; index < count; ++index) text += part(std::to_string(index));
  return text;
}

std::string repeated(int count, const std::string& part) {
  return repeated(count, [&](const std::string&) { return part; });
}

TEST(HostileInput, NestsWithoutEnd) {
  const std::string open(2'000'000, '[');
  EXPECT_THAT(compile(open).errors(), ElementsAre("test.json:1: error: expected '{' of a definition"));
  EXPECT_THAT(compile("{ 'enum': 'Ee', 'data': " + open).errors(),
              ElementsAre("test.json:1: error: nested too deeply"));
  EXPECT_THAT(compile(repeated(kMany, "{ 'if':")).errors(), ElementsAre("test.json:1: error: nested too deeply"));
}

TEST(HostileInput, IsAllErrors) {
  constexpr std::size_t kLines = Diagnostics::kMaxEntries + 1;
  EXPECT_THAT(compile(repeated(kMany, "$\n")).errors(), SizeIs(kLines));
  EXPECT_THAT(compile(repeated(kMany, "{ 'command': 'A' }\n")).errors(), SizeIs(kLines));
  EXPECT_THAT(compile(repeated(kMany, "{\n{\n")).errors(), SizeIs(kLines));
  EXPECT_THAT(compile(repeated(kMany, "{ 'include': 'no-such-file' }\n")).errors(), SizeIs(kLines));
  EXPECT_THAT(compile(repeated(kMany, "##\n# @x:\n##\n")).errors(), SizeIs(kLines));
}

TEST(HostileInput, HasNamesWithoutEnd) {
  const auto errors = compile("{ 'command': '" + std::string(2'000'000, 'A') + "' }").errors();
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_LT(errors.front().size(), 500U);
}

TEST(HostileInput, HasDefinitionsWithoutEnd) {
  const auto text = repeated(kMany, [](const std::string& number) {
    return "{ 'struct': 'Type" + number + "', 'data': { 'a': 'Type7', '*b': [ 'int' ] } }\n{ 'command': 'do-" + number +
           "', 'data': 'Type" + number + "' }\n";
  });
  EXPECT_THAT(compile(text).errors(), IsEmpty());
}

TEST(HostileInput, HasMembersWithoutEnd) {
  const auto members = repeated(kMany, [](const std::string& number) { return "'m" + number + "': 'int',\n"; });
  const auto structure = "{ 'struct': 'Base', 'data': { " + members + "'last': 'int' } }\n";
  EXPECT_THAT(compile(structure + repeated(kMany,
                                           [](const std::string& number) {
                                             return "{ 'struct': 'Type" + number +
                                                    "', 'base': 'Base', 'data': { 'own': 'int' } }\n";
                                           }))
                  .errors(),
              IsEmpty());
}

TEST(HostileInput, HasBranchesWithoutEnd) {
  const auto values = repeated(kMany, [](const std::string& number) { return "'v" + number + "', "; });
  const auto branches = repeated(kMany, [](const std::string& number) { return "'v" + number + "': 'Point', "; });
  const auto members = repeated(kMany, [](const std::string& number) { return "'m" + number + "': 'int', "; });
  const auto unions = repeated(kMany, [](const std::string& number) {
    return "{ 'union': 'Uu" + number +
           "', 'base': { 't': 'Ee' }, 'discriminator': 't', 'data': { 'last': 'Point' } }\n";
  });
  EXPECT_THAT(compile("{ 'enum': 'Ee', 'data': [ " + values + "'last' ] }\n{ 'struct': 'Point', 'data': { " + members +
                      "'x': 'int' } }\n{ 'union': 'Shape', 'base': { 't': 'Ee' }, 'discriminator': 't', 'data': { " +
                      branches + "'last': 'Point' } }\n" + unions)
                  .errors(),
              IsEmpty());
}

TEST(HostileInput, HasBasesWithoutEnd) {
  const auto chain = repeated(kMany, [](const std::string& number) {
    const auto next = std::to_string(std::stoi(number) + 1);
    return "{ 'struct': 'Type" + number + "', 'base': 'Type" + next + "', 'data': { 'a" + number + "': 'int' } }\n";
  });
  EXPECT_THAT(compile(chain + "{ 'struct': 'Type" + std::to_string(kMany) + "', 'data': {} }\n").errors(),
              SizeIs(Diagnostics::kMaxEntries + 1));
}

TEST(HostileInput, HasConditionsWithoutEnd) {
  EXPECT_THAT(compile("{ 'command': 'do', 'if': { 'all': [ " + repeated(kMany, "'A', ") + "'B' ] } }").errors(),
              IsEmpty());
}

TEST(HostileInput, IncludesAFileThatHasNoEnd) {
  EXPECT_THAT(compile("{ 'include': '/dev/zero' }").errors(),
              ElementsAre("test.json:1: error: cannot read '/dev/zero': not a regular file"));
}

TEST(HostileInput, IncludesFilesWithoutEnd) {
  Sources sources([](const std::string& path) -> Result<std::string> { return "{ 'include': 'x" + path + "' }"; });
  Diagnostics diagnostics;
  load(sources, sources.add("main", "{ 'include': 'x' }"), {}, diagnostics);
  ASSERT_THAT(diagnostics.lines(sources), SizeIs(1));
  EXPECT_THAT(diagnostics.lines(sources).front(), testing::HasSubstr("files are included too deeply"));
}

}  // namespace
}  // namespace guestd::schema
