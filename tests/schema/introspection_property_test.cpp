// SPDX-License-Identifier: Apache-2.0
// Random schemas: printed, compiled and introspected they are what they were made as.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "schema/compiler/compat.hpp"
#include "schema/compiler/introspection.hpp"
#include "tests/schema/compiled.hpp"
#include "tests/schema/introspection_reader.hpp"
#include "tests/schema/random/model.hpp"

namespace guestd::schema {
namespace {

using random::Entries;
using random::Entry;

constexpr std::uint32_t kModels = 400;

std::vector<std::string> introspected(const random::Model& model, std::uint32_t seed, bool unmask) {
  const auto text = random::print(model, seed);
  const auto compiled = compile(text, {.legacy = model.legacy});
  EXPECT_FALSE(compiled.diagnostics.any()) << testing::PrintToString(compiled.errors()) << text;
  return introspect(compiled.schema, {unmask, ""});
}

Entries as_map(const std::vector<NamedEntry>& list) {
  Entries entries;
  for (const auto& [name, entry] : list) EXPECT_TRUE(entries.emplace(name, entry).second) << name << " is there twice";
  return entries;
}

TEST(IntrospectionProperty, RandomSchemasComeOutAsTheyWereMade) {
  for (std::uint32_t seed = 0; seed < kModels; ++seed) {
    SCOPED_TRACE(seed);
    const auto model = random::make_model(seed);
    const auto actual = as_map(read_introspection(introspected(model, seed, true)));
    const auto expected = random::expected_introspection(model);
    ASSERT_EQ(actual, expected) << random::print(model, seed);
  }
}

TEST(IntrospectionProperty, TheWayOfWritingASchemaDoesNotMatter) {
  for (std::uint32_t seed = 0; seed < kModels / 10; ++seed) {
    SCOPED_TRACE(seed);
    const auto model = random::make_model(seed);
    ASSERT_EQ(introspected(model, 1, false), introspected(model, 2, false));
  }
}

TEST(IntrospectionProperty, ASchemaIsCompatibleWithItselfHoweverItIsWritten) {
  for (std::uint32_t seed = 0; seed < kModels; ++seed) {
    SCOPED_TRACE(seed);
    const auto model = random::make_model(seed);
    const auto before = compile(random::print(model, 1), {.legacy = model.legacy});
    const auto now = compile(random::print(model, 2), {.legacy = model.legacy});
    for (const auto& change : compare(before.schema, now.schema)) ADD_FAILURE() << change.text;
  }
}

/// The entry with all names of types replaced.
Entry renamed(Entry entry, const std::map<std::string, std::string>& names) {
  const auto rename = [&](std::string& name) {
    if (const auto found = names.find(name); found != names.end()) name = found->second;
  };
  if (entry.meta_type != "builtin") rename(entry.detail);
  rename(entry.result);
  for (auto& part : entry.parts) rename(part.type);
  for (auto& [value, type] : entry.variants) rename(type);
  return entry;
}

TEST(IntrospectionProperty, MaskingChangesNamesOfTypesAndNothingElse) {
  for (std::uint32_t seed = 0; seed < kModels; ++seed) {
    SCOPED_TRACE(seed);
    const auto model = random::make_model(seed);
    const auto named = read_introspection(introspected(model, seed, true));
    const auto masked = read_introspection(introspected(model, seed, false));
    ASSERT_EQ(named.size(), masked.size());
    std::map<std::string, std::string> names;
    for (std::size_t index = 0; index < named.size(); ++index) names[named[index].first] = masked[index].first;
    for (std::size_t index = 0; index < named.size(); ++index) {
      ASSERT_EQ(renamed(named[index].second, names), masked[index].second) << named[index].first;
    }
  }
}

bool is_number(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

TEST(IntrospectionProperty, MaskedNamesAreConsecutiveNumbers) {
  for (std::uint32_t seed = 0; seed < kModels; ++seed) {
    SCOPED_TRACE(seed);
    std::set<std::size_t> numbers;
    for (const auto& [name, entry] : read_introspection(introspected(random::make_model(seed), seed, false))) {
      const bool keeps_name =
          entry.meta_type == "builtin" || entry.meta_type == "command" || entry.meta_type == "event";
      if (keeps_name) {
        EXPECT_FALSE(is_number(name)) << name;
      } else if (entry.meta_type == "array") {
        EXPECT_EQ(name, "[" + entry.detail + "]");
      } else {
        ASSERT_TRUE(is_number(name)) << name;
        numbers.insert(std::stoul(name));
      }
    }
    ASSERT_FALSE(numbers.empty());  // each model has a command or an event, whose arguments are an object
    EXPECT_EQ(*numbers.rbegin(), numbers.size() - 1);
  }
}

}  // namespace
}  // namespace guestd::schema
