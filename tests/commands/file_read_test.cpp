// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "base/limits.hpp"
#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

/// Content without a period that a piece could have.
std::string patterned(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : text) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U);
  }
  return text;
}

TEST(FileRead, ReadsFourKibibytesUnlessToldOtherwise) {
  CommandBench bench;
  const std::string content = patterned(10'000);
  const auto handle = open_handle(bench, bench.dir().write("file", content));
  auto result = read(bench, handle);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->count, 4096);
  EXPECT_FALSE(result->eof);
  EXPECT_EQ(take_bytes(*result), content.substr(0, 4096));
  EXPECT_EQ(read_text(bench, handle, 10'000), content.substr(4096));
}

TEST(FileRead, TellsTheEndOnceItWasMet) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir().write("file", "abc"));
  EXPECT_FALSE(read(bench, handle, 3)->eof) << "exactly what is there: the end was not seen";
  const auto at_end = read(bench, handle, 1);
  EXPECT_EQ(at_end->count, 0);
  EXPECT_TRUE(at_end->eof);
  EXPECT_TRUE(read(bench, handle, 0)->eof);
}

/// A handle for a file on a disk, and whether the kernel can tell what of it is in memory.
class FileReadAtOnce : public testing::Test {
 protected:
  void SetUp() override {
    if (!read_at_once(handle("probe", "x"), 1)) GTEST_SKIP() << "the kernel cannot tell here what is in memory";
  }
  std::int64_t handle(std::string_view name, std::string_view content) {
    return open_handle(bench_, disk_.write(name, content));
  }
  std::optional<FileReadResult> read_at_once(std::int64_t handle, std::optional<std::int64_t> count = {}) {
    FileReadArgs args;
    args.handle = handle;
    args.count = count;
    return file_read_at_once(bench_.context(), args);
  }

  CommandBench bench_;
  support::TempDir disk_{"/var/tmp"};
};

TEST_F(FileReadAtOnce, AnswersAsTheReadThatMayWait) {
  const std::string content = patterned(10'000);
  const auto file = handle("file", content);
  auto first = read_at_once(file);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->count, 4096);
  EXPECT_FALSE(first->eof);
  EXPECT_EQ(take_bytes(*first), content.substr(0, 4096));
  auto rest = read_at_once(file, 10'000);
  ASSERT_TRUE(rest);
  EXPECT_TRUE(rest->eof);
  EXPECT_EQ(take_bytes(*rest), content.substr(4096));
}

TEST_F(FileReadAtOnce, LeavesToAWorkerWhatItCannotAnswer) {
  const auto file = handle("file", "abc");
  EXPECT_FALSE(read_at_once(file, -1));
  EXPECT_FALSE(read_at_once(file, 0));
  EXPECT_FALSE(read_at_once(file, limits::kFileReadAtOnceBytes + 1));
  EXPECT_FALSE(read_at_once(file + 1000, 1));
  const auto turn = bench_.context().files.use(file);
  EXPECT_FALSE(read_at_once(file, 1)) << "somebody else has the turn";
}

TEST_F(FileReadAtOnce, LosesNothingWhenOnlyAPartIsInMemory) {
  constexpr std::size_t kHalf = 32 << 10;
  const std::string content = patterned(2 * kHalf);
  const auto file = handle("file", content);
  const int fd = ::open((disk_ / "file").c_str(), O_RDONLY | O_CLOEXEC);
  ::fsync(fd);
  ASSERT_EQ(::posix_fadvise(fd, kHalf, kHalf, POSIX_FADV_DONTNEED), 0);
  ::close(fd);
  auto at_once = read_at_once(file, 2 * kHalf);
  EXPECT_EQ(at_once ? take_bytes(*at_once) : read_text(bench_, file, 2 * kHalf), content);
}

TEST(FileRead, GoesOnWhenTheFileHasGrown) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir().write("log", "one\n"));
  EXPECT_EQ(read_text(bench, handle), "one\n");
  bench.dir().write("log", "one\ntwo\n");
  EXPECT_EQ(read_text(bench, handle), "two\n");
}

TEST(FileRead, RefusesACountOutOfRange) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir().write("file", "abc"));
  EXPECT_EQ(read(bench, handle, -1).error().text, "value '-1' is invalid for argument count");
  EXPECT_EQ(read(bench, handle, 50'331'649).error().text, "value '50331649' is invalid for argument count");
  EXPECT_EQ(read(bench, handle, 10'000'000'000).error().text, "value '10000000000' is invalid for argument count");
  EXPECT_EQ(read_text(bench, handle, 50'331'648), "abc");
  EXPECT_EQ(read(bench, 5, -1).error().text, "handle '5' has not been found");
}

TEST(FileRead, SaysWhyItFailed) {
  CommandBench bench;
  const auto directory = open_handle(bench, bench.dir().str());
  EXPECT_EQ(read(bench, directory).error().text, "failed to read file: Is a directory");
  const auto write_only = open_handle(bench, bench.dir() / "file", "w");
  EXPECT_EQ(read(bench, write_only).error().text, "failed to read file: Bad file descriptor");
}

TEST(FileRead, ReadsFilesThatSayTheyAreEmpty) {
  CommandBench bench;
  const auto handle = open_handle(bench, "/proc/self/maps");
  EXPECT_GT(read_text(bench, handle, kMiB).size(), 1000U);
  const auto status = open_handle(bench, "/proc/self/status");
  EXPECT_GT(read_text(bench, status, 100'000).size(), 100U);
}

TEST(FileRead, KeepsSmallReadsInOnePiece) {
  CommandBench bench;
  const std::string content = patterned(200'000);
  const auto handle = open_handle(bench, bench.dir().write("file", content));
  auto result = read(bench, handle, 48 * kMiB);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->buf_b64.is_buffered());
  EXPECT_TRUE(result->eof);
  EXPECT_EQ(result->count, 200'000);
  EXPECT_EQ(take_bytes(*result), content);
}

TEST(FileRead, StreamsLargeReadsByteForByte) {
  CommandBench bench;
  const std::string content = patterned(3'000'001);
  const auto handle = open_handle(bench, bench.dir().write("file", content));
  for (const std::size_t piece : {std::size_t{3}, std::size_t{1000}, std::size_t{262'144}, std::size_t{5'000'000}}) {
    ASSERT_TRUE(seek(bench, handle, 0));
    auto result = read(bench, handle, 48 * kMiB);
    ASSERT_TRUE(result);
    ASSERT_FALSE(result->buf_b64.is_buffered());
    EXPECT_TRUE(take_bytes(*result, piece) == content) << piece;
    EXPECT_EQ(result->count, 3'000'001);
    EXPECT_TRUE(result->eof);
  }
}

TEST(FileRead, StreamsNoMoreThanAskedFor) {
  CommandBench bench;
  const auto handle = open_handle(bench, "/dev/zero");
  for (const std::int64_t count : {262'144L, 262'145L, 786'432L, 1'000'000L}) {
    auto result = read(bench, handle, count);
    ASSERT_TRUE(result);
    EXPECT_EQ(take_bytes(*result, 262'144).size(), static_cast<std::size_t>(count));
    EXPECT_EQ(result->count, count);
    EXPECT_FALSE(result->eof);
  }
}

TEST(FileRead, EndsWhereAFileIsTruncatedInTheMiddleOfAReply) {
  CommandBench bench;
  const std::string path = bench.dir().write("file", patterned(2'000'000));
  auto result = read(bench, open_handle(bench, path), 48 * kMiB);
  ASSERT_TRUE(result);
  std::filesystem::resize_file(path, 1'000'000);
  EXPECT_TRUE(take_bytes(*result) == patterned(1'000'000));
  EXPECT_EQ(result->count, 1'000'000);
  EXPECT_TRUE(result->eof);
}

TEST(FileRead, ReturnsWhatItHasOnEagain) {
  CommandBench bench;
  ASSERT_EQ(::mkfifo((bench.dir() / "fifo").c_str(), 0600), 0);
  const auto reader = open_handle(bench, bench.dir() / "fifo", "r");
  const auto writer = open_handle(bench, bench.dir() / "fifo", "w");
  EXPECT_EQ(read(bench, reader).error().text, "failed to read file: Resource temporarily unavailable");
  ASSERT_TRUE(write(bench, writer, "some"));
  auto result = read(bench, reader);
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->eof);
  EXPECT_EQ(take_bytes(*result), "some");
  ASSERT_TRUE(close(bench, writer));
  EXPECT_TRUE(read(bench, reader)->eof);
}

/// Two pages of this process, the second of them unreadable: a file (/proc/self/mem) that fails behind some data.
class Cliff {
 public:
  explicit Cliff(std::size_t readable) : readable_(readable) {
    void* const pages = ::mmap(nullptr, readable + kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    begin_ = static_cast<char*>(pages);
    ::munmap(begin_ + readable, kPage);
  }
  Cliff(const Cliff&) = delete;
  Cliff& operator=(const Cliff&) = delete;
  ~Cliff() { ::munmap(begin_, readable_); }

  [[nodiscard]] std::int64_t position() const { return reinterpret_cast<std::intptr_t>(begin_); }

 private:
  static constexpr std::size_t kPage = 65'536;
  std::size_t readable_;
  char* begin_ = nullptr;
};

TEST(FileRead, ReportsAnErrorBehindDataWithTheNextRead) {
  CommandBench bench;
  const Cliff cliff(65'536);
  const auto handle = open_handle(bench, "/proc/self/mem");
  ASSERT_TRUE(seek(bench, handle, cliff.position() + 65'000));
  EXPECT_EQ(read_text(bench, handle).size(), 536U);
  EXPECT_EQ(read(bench, handle, 0)->count, 0) << "asks for nothing and takes no error away";
  EXPECT_EQ(read(bench, handle).error().text, "failed to read file: Input/output error");
}

TEST(FileRead, ReportsAnErrorInTheMiddleOfAStreamWithTheNextRead) {
  CommandBench bench;
  const Cliff cliff(kMiB);
  const auto handle = open_handle(bench, "/proc/self/mem");
  ASSERT_TRUE(seek(bench, handle, cliff.position()));
  auto result = read(bench, handle, 4 * kMiB);
  ASSERT_TRUE(result);
  EXPECT_EQ(take_bytes(*result).size(), 1U << 20U);
  EXPECT_EQ(result->count, kMiB);
  EXPECT_FALSE(result->eof);
  result->complete = nullptr;
  result->buf_b64 = protocol::ByteStream();
  EXPECT_EQ(read(bench, handle).error().text, "failed to read file: Input/output error");
}

TEST(FileRead, LetsGoOfTheFileWhenAReplyIsGivenUp) {
  CommandBench bench;
  const auto handle = open_handle(bench, "/dev/zero");
  {
    const auto abandoned = read(bench, handle, 48 * kMiB);
    ASSERT_TRUE(abandoned);
    ASSERT_FALSE(abandoned->buf_b64.is_buffered());
  }
  EXPECT_TRUE(close(bench, handle));
}

}  // namespace
}  // namespace guestd::commands
