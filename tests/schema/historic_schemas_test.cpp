// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/schema/compiled.hpp"

/// Schemas of released QEMU versions, which are not part of this project: they lie beside it, or where GUESTD_SHARED
/// says, with a list of what is in each and which flags it needs.
namespace guestd::schema {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;
using ::testing::Not;

fs::path shared_folder() {
  if (const char* path = std::getenv("GUESTD_SHARED"); path != nullptr) return path;
  const fs::path source = GUESTD_SOURCE_DIR;
  for (const auto* path : {"../shared", "../../shared"}) {
    if (fs::exists(source / path / "schemas/MANIFEST.txt")) return source / path;
  }
  return {};
}

struct Entry {
  std::string file;
  Counts counts;
  std::string flags;

  [[nodiscard]] bool needs(const std::string& flag) const { return flags.find(flag) != std::string::npos; }
};

/// `FILE COMMANDS EVENTS STRUCTS ENUMS UNIONS ALTERNATES FLAGS # comment`
std::vector<Entry> read_manifest(const fs::path& path) {
  std::vector<Entry> entries;
  std::ifstream stream(path);
  for (std::string line; std::getline(stream, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    Entry entry;
    Counts& counts = entry.counts;
    if (words >> entry.file >> counts.commands >> counts.events >> counts.structs >> counts.enums >> counts.unions >>
        counts.alternates >> entry.flags) {
      entries.push_back(entry);
    }
  }
  return entries;
}

class HistoricSchemas : public testing::Test {
 protected:
  void SetUp() override {
    if (shared_folder().empty()) GTEST_SKIP() << "no schemas beside the project, and GUESTD_SHARED is not set";
    entries_ = read_manifest(folder() / "MANIFEST.txt");
    ASSERT_THAT(entries_, Not(IsEmpty()));
  }
  [[nodiscard]] static fs::path folder() { return shared_folder() / "schemas"; }
  [[nodiscard]] static Compiled compile(const Entry& entry, Dialect dialect) {
    return compile_file(folder() / entry.file, dialect);
  }

  std::vector<Entry> entries_;
};

TEST_F(HistoricSchemas, AreTakenWithTheFlagsThatTheyNeedAndHaveAllTheirDefinitions) {
  for (const auto& entry : entries_) {
    const auto compiled = compile(entry, {entry.needs("--legacy"), entry.needs("--partial")});
    EXPECT_FALSE(compiled.diagnostics.any()) << testing::PrintToString(compiled.errors());
    EXPECT_EQ(count_definitions(compiled.schema), entry.counts) << entry.file;
  }
}

TEST_F(HistoricSchemas, AreRefusedWithOneFlagTooFew) {
  for (const auto& entry : entries_) {
    if (entry.needs("--legacy")) {
      EXPECT_TRUE(compile(entry, {false, entry.needs("--partial")}).diagnostics.any()) << entry.file;
    }
    if (entry.needs("--partial")) {
      EXPECT_TRUE(compile(entry, {entry.needs("--legacy"), false}).diagnostics.any()) << entry.file;
    }
  }
}

TEST_F(HistoricSchemas, HaveModelsThatCanBeWalked) {
  for (const auto& entry : entries_) {
    const auto compiled = compile(entry, {true, true});
    for (const auto& type : compiled.schema.types) {
      if (type->object() == nullptr) continue;
      for (const auto* member : all_members(*type->object())) EXPECT_NE(member->use.type, nullptr) << member->name;
      for (const auto& branch : type->object()->branches) EXPECT_NE(branch.type, nullptr) << branch.name;
    }
  }
}

}  // namespace
}  // namespace guestd::schema
