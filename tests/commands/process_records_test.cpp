// SPDX-License-Identifier: Apache-2.0
#include "commands/process_records.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <string>

#include "tests/support/temp_dir.hpp"

namespace guestd::commands {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;

ProcessRecord record_of(pid_t pid) {
  ProcessRecord record;
  record.birth = {pid, 1000ns, 2000ns};
  record.started_ns = 1'700'000'000'000'000'000;
  record.deadline = 5s;
  record.output = ProcessRecord::Output::kSpooled;
  record.error = ProcessRecord::Output::kLost;
  record.spool = 77;
  record.limit = 16 << 20U;
  record.has_unit = true;
  record.path = "/bin/sleep with a blank";
  return record;
}

bool same(const ProcessRecord& left, const ProcessRecord& right) {
  return format_process_record(left) == format_process_record(right);
}

TEST(ProcessRecord, ComesBackFromItsTextAsItWas) {
  ProcessRecord record = record_of(123);
  for (const auto& exit :
       {std::optional<platform::ProcessExit>(), std::optional(platform::ProcessExit{false, 0}),
        std::optional(platform::ProcessExit{false, 255}), std::optional(platform::ProcessExit{true, 9})}) {
    record.exited = exit.has_value();
    record.exit = exit;
    const auto parsed = parse_process_record(format_process_record(record));
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(same(*parsed, record));
    EXPECT_EQ(parsed->exit, exit);
    EXPECT_EQ(parsed->birth.pid, 123);
    EXPECT_EQ(parsed->path, record.path);
  }
}

TEST(ProcessRecord, KeepsALongPathInItsPlace) {
  ProcessRecord record = record_of(1);
  record.path = std::string(5000, 'x') + "\n";
  EXPECT_LT(format_process_record(record).size(), ProcessRecords::kPlaceBytes);
  EXPECT_TRUE(parse_process_record(format_process_record(record)));
}

TEST(ProcessRecord, IsNotFoundInOtherText) {
  const std::string good = format_process_record(record_of(123));
  EXPECT_FALSE(parse_process_record(""));
  EXPECT_FALSE(parse_process_record("0" + good.substr(3)));
  EXPECT_FALSE(parse_process_record("-5" + good.substr(3)));
  EXPECT_FALSE(parse_process_record("99999999999999999999" + good.substr(3)));
  EXPECT_FALSE(parse_process_record(good.substr(0, 30)));
  EXPECT_FALSE(parse_process_record("x" + good));
}

TEST(ProcessRecords, HandsDownWhatWasNotRemoved) {
  const support::TempDir dir;
  EXPECT_FALSE(ProcessRecords::are_there(dir.str()));
  {
    ProcessRecords records(dir.str(), "boot");
    const int first = records.add(record_of(1));
    const int second = records.add(record_of(2));
    records.add(record_of(3));
    records.remove(second);
    ProcessRecord changed = record_of(1);
    changed.timed_out = true;
    records.update(first, changed);
    EXPECT_EQ(records.add(record_of(4)), second) << "places are used again";
  }
  EXPECT_TRUE(ProcessRecords::are_there(dir.str()));
  ProcessRecords next(dir.str(), "boot");
  const auto left = next.take_over();
  ASSERT_THAT(left, SizeIs(3));
  EXPECT_TRUE(left[0].timed_out);
  EXPECT_EQ(left[1].birth.pid, 4);
  EXPECT_EQ(left[2].birth.pid, 3);
  next.add(record_of(9));
  EXPECT_THAT(ProcessRecords(dir.str(), "boot").take_over(), SizeIs(1)) << "the file has begun anew";
}

TEST(ProcessRecords, OfAnotherBootMeanNothing) {
  const support::TempDir dir;
  ProcessRecords(dir.str(), "boot").add(record_of(1));
  EXPECT_THAT(ProcessRecords(dir.str(), "next boot").take_over(), IsEmpty());
}

TEST(ProcessRecords, ThatOthersMayWriteAreNotBelieved) {
  const support::TempDir dir;
  ProcessRecords(dir.str(), "boot").add(record_of(1));
  ::chmod((dir / "guestd-exec.state").c_str(), 0666);
  EXPECT_THAT(ProcessRecords(dir.str(), "boot").take_over(), IsEmpty());
}

TEST(ProcessRecords, ThatCannotBeWrittenKeepNothingFromRunning) {
  ProcessRecords records("/nonexistent", "boot");
  EXPECT_EQ(records.add(record_of(1)), -1);
  records.remove(-1);
  records.update(-1, record_of(1));
}

}  // namespace
}  // namespace guestd::commands
