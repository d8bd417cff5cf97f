// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "schema/compiler/introspection.hpp"
#include "tests/schema/compiled.hpp"

/// The rules of the language, one small schema each: `cases/NAME.json`, and beside it what is to come of it.
/// `NAME.ok`: it is good; `NAME.err`: it is not. Either holds the exact lines that the compiler says (for a good schema
/// those are warnings) below an optional first line `# --legacy --partial`, the flags to use. `NAME.out`: what
/// `introspect --unmask` prints for a good schema; without it that is the empty list, since nothing can be asked.
namespace guestd::schema {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAreArray;

const fs::path& folder() {
  static const fs::path path = fs::path(GUESTD_SOURCE_DIR) / "tests/schema/cases";
  return path;
}

struct Case {
  std::string name;
};

void PrintTo(const Case& each, std::ostream* out) { *out << each.name; }

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const auto& entry : fs::directory_iterator(folder())) {
    if (entry.path().extension() == ".json") cases.push_back({entry.path().stem()});
  }
  std::sort(cases.begin(), cases.end(), [](const Case& left, const Case& right) { return left.name < right.name; });
  return cases;
}

std::string test_name(const testing::TestParamInfo<Case>& info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

struct Expectation {
  Dialect dialect;
  std::vector<std::string> lines;
};

Expectation read_expectation(const fs::path& path) {
  Expectation result;
  std::ifstream stream(path);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("# ")) {
      result.dialect.legacy = line.find("--legacy") != std::string::npos;
      result.dialect.partial = line.find("--partial") != std::string::npos;
    } else {
      result.lines.push_back(line);
    }
  }
  return result;
}

/// What the compiler says about a case, with paths relative to the folder of the cases.
std::vector<std::string> said(const Compiled& compiled) {
  const std::string prefix = folder().string() + "/";
  auto lines = compiled.errors();
  for (auto& line : lines) {
    for (auto at = line.find(prefix); at != std::string::npos; at = line.find(prefix)) line.erase(at, prefix.size());
  }
  return lines;
}

class SchemaCase : public testing::TestWithParam<Case> {};

TEST_P(SchemaCase, IsTakenOrReportedAsExpected) {
  const auto stem = folder() / GetParam().name;
  const bool good = fs::exists(stem.string() + ".ok");
  ASSERT_NE(good, fs::exists(stem.string() + ".err")) << "a case has either an .ok or an .err file";
  const auto expected = read_expectation(stem.string() + (good ? ".ok" : ".err"));
  const auto compiled = compile_file(stem.string() + ".json", expected.dialect);
  EXPECT_NE(compiled.diagnostics.any(), good);
  EXPECT_THAT(said(compiled), ElementsAreArray(expected.lines));
}

TEST_P(SchemaCase, IsIntrospectedAsExpected) {
  const auto stem = (folder() / GetParam().name).string();
  if (!fs::exists(stem + ".ok")) {
    EXPECT_FALSE(fs::exists(stem + ".out")) << "only a good schema can be introspected";
    return;
  }
  const auto compiled = compile_file(stem + ".json", read_expectation(stem + ".ok").dialect);
  std::ostringstream expected;
  if (std::ifstream stream(stem + ".out"); stream) expected << stream.rdbuf();
  EXPECT_EQ(introspection_array(introspect(compiled.schema, {true, ""})),
            fs::exists(stem + ".out") ? expected.str() : "[]\n");
}

INSTANTIATE_TEST_SUITE_P(Schemas, SchemaCase, testing::ValuesIn(all_cases()), test_name);

TEST(SchemaCases, CoverTheLanguage) { EXPECT_GE(all_cases().size(), 150U); }

}  // namespace
}  // namespace guestd::schema
