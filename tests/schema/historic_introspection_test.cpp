// SPDX-License-Identifier: Apache-2.0
// Schemas of released versions of QEMU, which are not part of this project: a folder `schemas` in $GUESTD_SHARED, or in
// a folder `shared` near the source tree. MANIFEST.txt there says what they hold and which flags they need.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include "schema/compiler/compat.hpp"
#include "schema/compiler/introspection.hpp"
#include "tests/schema/compiled.hpp"
#include "tests/schema/introspection_reader.hpp"

namespace guestd::schema {
namespace {

namespace fs = std::filesystem;

std::optional<fs::path> schemas() {
  const fs::path source = GUESTD_SOURCE_DIR;
  std::vector<fs::path> places{source / "../shared", source / "../../shared"};
  if (const char* shared = std::getenv("GUESTD_SHARED")) places = {shared};
  for (const auto& place : places) {
    if (fs::exists(place / "schemas/MANIFEST.txt")) return place / "schemas";
  }
  return std::nullopt;
}

struct Row {
  std::string file;
  std::size_t commands = 0;
  std::size_t events = 0;
  Dialect dialect;
};

std::vector<Row> manifest(const fs::path& folder) {
  std::ifstream stream(folder / "MANIFEST.txt");
  std::vector<Row> rows;
  for (std::string line; std::getline(stream, line);) {
    if (line.empty() || line.front() == '#') continue;
    const auto content = line.substr(0, line.find('#'));
    Row row;
    std::istringstream(content) >> row.file >> row.commands >> row.events;
    row.dialect = {content.find("--legacy") != std::string::npos, content.find("--partial") != std::string::npos};
    rows.push_back(row);
  }
  return rows;
}

std::set<std::string> references(const random::Entry& entry) {
  std::set<std::string> names;
  if (entry.meta_type != "builtin" && !entry.detail.empty()) names.insert(entry.detail);
  if (!entry.result.empty()) names.insert(entry.result);
  for (const auto& part : entry.parts) {
    if (!part.type.empty()) names.insert(part.type);
  }
  for (const auto& [value, type] : entry.variants) names.insert(type);
  return names;
}

/// Every name stands for one entry, every reference leads to one, and every type has one.
void expect_closed(const std::vector<NamedEntry>& entries) {
  std::set<std::string> names;
  std::set<std::string> used;
  for (const auto& [name, entry] : entries) {
    EXPECT_TRUE(names.insert(name).second) << name << " is there twice";
    used.merge(references(entry));
  }
  for (const auto& name : used) EXPECT_TRUE(names.contains(name)) << name << " is not there";
  for (const auto& [name, entry] : entries) {
    const bool entrance = entry.meta_type == "command" || entry.meta_type == "event";
    EXPECT_TRUE(entrance || used.contains(name)) << name << " is not used";
  }
}

std::size_t count(const std::vector<NamedEntry>& entries, const std::string& meta_type) {
  std::size_t result = 0;
  for (const auto& [name, entry] : entries) result += entry.meta_type == meta_type ? 1U : 0U;
  return result;
}

TEST(HistoricIntrospection, HasAllCommandsAndEventsAndAllTypesThatTheyNeed) {
  const auto folder = schemas();
  if (!folder) GTEST_SKIP() << "no schemas of QEMU here";
  const auto rows = manifest(*folder);
  ASSERT_FALSE(rows.empty());
  for (const auto& row : rows) {
    const auto compiled = compile_file(*folder / row.file, row.dialect);
    EXPECT_FALSE(compiled.diagnostics.any()) << testing::PrintToString(compiled.errors());
    for (const bool unmask : {true, false}) {
      SCOPED_TRACE(row.file + (unmask ? " with names" : " masked"));
      const auto entries = read_introspection(introspect(compiled.schema, {unmask, ""}));
      EXPECT_EQ(count(entries, "command"), row.commands);
      EXPECT_EQ(count(entries, "event"), row.events);
      expect_closed(entries);
    }
  }
}

TEST(HistoricIntrospection, ASchemaIsCompatibleWithItself) {
  const auto folder = schemas();
  if (!folder) GTEST_SKIP() << "no schemas of QEMU here";
  for (const auto& row : manifest(*folder)) {
    const auto compiled = compile_file(*folder / row.file, row.dialect);
    EXPECT_TRUE(compare(compiled.schema, compiled.schema).empty()) << row.file;
  }
}

TEST(HistoricIntrospection, OurSchemaServesClientsOfAnOldAgent) {
  const auto folder = schemas();
  if (!folder) GTEST_SKIP() << "no schemas of QEMU here";
  const auto before = compile_file(*folder / "qga-2.3.json", {.legacy = true});
  const auto now = compile_file(std::string(GUESTD_SOURCE_DIR) + "/schema/guestd.json");
  ASSERT_FALSE(before.diagnostics.any() || now.diagnostics.any());
  std::size_t additions = 0;
  for (const auto& change : compare(before.schema, now.schema)) {
    EXPECT_FALSE(change.breaking) << change.text;
    additions += change.text.ends_with(" is new") ? 1U : 0U;
  }
  EXPECT_GT(additions, 10U);  // there is something to compare
}

TEST(HistoricIntrospection, FindsWhatAnotherMonitorLacks) {
  const auto folder = schemas();
  if (!folder) GTEST_SKIP() << "no schemas of QEMU here";
  const auto monitor = compile_file(*folder / "qmp-2.11.2.json", {.legacy = true});
  const auto agent = compile_file(*folder / "qga-2.3.json", {.legacy = true});
  std::size_t breaks = 0;
  for (const auto& change : compare(monitor.schema, agent.schema)) breaks += change.breaking ? 1U : 0U;
  EXPECT_EQ(breaks, 155U + 37U);  // not one command or event in common
}

}  // namespace
}  // namespace guestd::schema
