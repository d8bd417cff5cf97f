// SPDX-License-Identifier: Apache-2.0

// Documentation of historic schemas, which are not part of the project: the folder `shared` beside the source tree, or
// the one that GUESTD_SHARED names, holds them where there are any.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "schema/compiler/docs_backend.hpp"
#include "tests/schema/compiled.hpp"

namespace guestd::schema {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string shared_folder() {
  if (const char* named = std::getenv("GUESTD_SHARED"); named != nullptr) return named;
  for (const auto* path : {GUESTD_SOURCE_DIR "/../shared", GUESTD_SOURCE_DIR "/../../shared"}) {
    if (std::filesystem::exists(path)) return path;
  }
  return {};
}

struct Document {
  std::string schema;
  Dialect dialect;
  std::vector<std::string> words;  // that its Markdown holds
};

class SharedDocs : public testing::TestWithParam<Document> {};

TEST_P(SharedDocs, AreWrittenWhole) {
  const auto path = shared_folder() + "/schemas/" + GetParam().schema;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << GetParam().schema << " here";
  const auto compiled = compile_file(path, GetParam().dialect);
  ASSERT_FALSE(compiled.diagnostics.any());
  const auto text = generate_markdown(compiled.schema);
  for (const auto& command : compiled.schema.commands) EXPECT_THAT(text, HasSubstr("\n### " + command->name + "\n"));
  for (const auto& word : GetParam().words) EXPECT_THAT(text, HasSubstr(word));
  EXPECT_THAT(text, Not(HasSubstr("#optional")));
  const auto page = generate_man(compiled.schema, "x");
  for (const auto& event : compiled.schema.events)
    EXPECT_THAT(page, HasSubstr("\n.SS \"\\fB" + event->name + "\\fR\"\n"));
}

INSTANTIATE_TEST_SUITE_P(
    Schemas, SharedDocs,
    testing::Values(Document{"char.json",
                             {.legacy = true, .partial = true},
                             {"is in open or closed state (since 2.1) |", "**Note:** `filename` is encoded",
                              "```\n-> { \"execute\": \"query-chardev\" }\n"}},
                    Document{"qapi-schema-2.10.json", {.legacy = true, .partial = true}, {"**Note:** "}},
                    Document{"qga-2.3.json",
                             {.legacy = true},
                             {"| `time` (optional) | integer | time of nanoseconds, relative", "Since: 1.5"}},
                    Document{"qmp-2.11.2.json", {.legacy = true}, {"An event.", ": the member `data`, "}},
                    Document{"virtio.json",
                             {},
                             {"- `unstable`: This command is meant for debugging.",
                              "This is the number of active virtqueues", "1. Poll for the status of virtio-crypto"}}),
    [](const auto& instance) {
      auto name = instance.param.schema.substr(0, instance.param.schema.find('.'));
      for (auto& c : name) c = c == '-' ? '_' : c;
      return name;
    });

}  // namespace
}  // namespace guestd::schema
