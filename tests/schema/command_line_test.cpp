// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

namespace guestd::schema {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

/// What one run of the compiler leaves behind.
struct Outcome {
  int status = 0;
  std::string out;
  std::string err;
};

class CommandLine : public testing::Test {
 protected:
  CommandLine() {
    std::string pattern = std::filesystem::temp_directory_path() / "guestd-compiler-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~CommandLine() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  static Outcome run(const std::vector<std::string>& arguments) {
    std::ostringstream out;
    std::ostringstream err;
    auto* const old_out = std::cout.rdbuf(out.rdbuf());
    auto* const old_err = std::cerr.rdbuf(err.rdbuf());
    const int status = run_command_line(arguments);
    std::cout.rdbuf(old_out);
    std::cerr.rdbuf(old_err);
    return {status, out.str(), err.str()};
  }

  std::filesystem::path folder_;
};

TEST_F(CommandLine, CountsWhatAGoodSchemaDefines) {
  const auto schema = write("a.json", "{ 'command': 'one' }\n{ 'struct': 'Point', 'data': { 'x': 'QType' } }\n");
  const auto outcome = run({"check", schema});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, schema + ": 1 commands, 0 events, 1 structs, 0 enums, 0 unions, 0 alternates\n");
  EXPECT_THAT(outcome.err, IsEmpty());
}

TEST_F(CommandLine, ShowsTheLineUnderEachError) {
  const auto schema = write("a.json", "\n{ 'command':\t'One' }\n");
  const auto outcome = run({"check", schema});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_EQ(outcome.err, schema + ":2: error: command name 'One' must be in lower case, with '-' between words\n" +
                             "    | { 'command': 'One' }\n");
}

TEST_F(CommandLine, CutsLongLinesShort) {
  const auto schema = write("a.json", "{ 'command': 'One' }" + std::string(1000, ' ') + "{}\n");
  const auto outcome = run({"check", schema});
  EXPECT_LT(outcome.err.size(), 800U);
  EXPECT_THAT(outcome.err, HasSubstr("...\n"));
}

TEST_F(CommandLine, TakesTheFlagsOfTheLanguageAnywhere) {
  const auto schema = write("a.json", "{ \"type\": \"Point\", \"data\": { \"x\": \"Other\" } }\n");
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"check", schema, "--legacy", "--partial"},
                                                                     {"--partial", "check", "--legacy", schema},
                                                                     {"--legacy", "--partial", "check", schema}}) {
    const auto outcome = run(arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_THAT(outcome.err, StartsWith(schema + ":1: warning: unknown type 'Other'\n"));
  }
  EXPECT_EQ(run({"check", schema, "--legacy"}).status, 1);
  EXPECT_EQ(run({"check", schema, "--partial"}).status, 1);
}

TEST_F(CommandLine, SaysWhichFileCannotBeRead) {
  const auto outcome = run({"check", folder_ / "none.json"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err,
            "qapi-compiler: cannot read '" + (folder_ / "none.json").string() + "': No such file or directory\n");
}

TEST_F(CommandLine, WritesDocumentationToAFileOrToTheOutput) {
  const auto schema = write("a.json", "##\n# @one:\n#\n# Does it.\n##\n{ 'command': 'one' }\n");
  const auto printed = run({"docs", schema, "--format", "markdown"});
  EXPECT_EQ(printed.status, 0);
  EXPECT_THAT(printed.out, HasSubstr("Does it."));
  EXPECT_EQ(run({"docs", "--out", folder_ / "a.md", "--format", "markdown", schema}).status, 0);
  std::ostringstream written;
  written << std::ifstream(folder_ / "a.md").rdbuf();
  EXPECT_EQ(written.str(), printed.out);
}

TEST_F(CommandLine, WritesTheCxxOfAServerOrOfAClient) {
  const auto schema = write("a.json", "{ 'command': 'one', 'data': 'Other' }\n");
  const auto server = run({"c++", schema, "--partial", "--out", folder_ / "server", "--namespace", "a"});
  EXPECT_EQ(server.status, 0);
  EXPECT_THAT(server.err, HasSubstr("warning: unknown type 'Other'"));
  EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(folder_) / "server" / "dispatch.cpp"));
  EXPECT_EQ(run({"c++", schema, "--partial", "--client", "--out", folder_ / "client", "--namespace", "a"}).status, 0);
  EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(folder_) / "client" / "calls.cpp"));
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(folder_) / "client" / "dispatch.cpp"));
}

TEST_F(CommandLine, TellsTheUsageWhenItIsNotUnderstood) {
  const auto schema = write("a.json", "");
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"--legacy"},
                                             {"compile", schema},
                                             {"check"},
                                             {"check", schema, schema},
                                             {"check", schema, "--fast"},
                                             {"check", schema, "--out", "x"},
                                             {"docs", schema},
                                             {"docs", schema, "--format"},
                                             {"c++", schema, "--out", "x"},
                                             {"docs", schema, "--format", "a", "--format", "b"}}) {
    const auto outcome = run(arguments);
    EXPECT_EQ(outcome.status, 2) << testing::PrintToString(arguments);
    EXPECT_THAT(outcome.err, StartsWith("usage: qapi-compiler "));
  }
}

}  // namespace
}  // namespace guestd::schema
