// SPDX-License-Identifier: Apache-2.0
#include "client/copy/archive.hpp"

#include <algorithm>
#include <csignal>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "client/copy/guest_program.hpp"
#include "client/copy/guest_sum.hpp"
#include "client/copy/pack.hpp"
#include "client/copy/unpack.hpp"
#include "client/terminal/signals.hpp"
#include "platform/sha256.hpp"

namespace guestd::copy {
namespace {

/// Adds up what it is given, where this host can.
class RunningSum {
 public:
  RunningSum() {
    if (auto sum = platform::Sha256::create()) sum_ = *std::move(sum);
  }
  void add(std::span<const char> bytes) {
    if (sum_) sum_->add(std::as_bytes(bytes));
    length_ += static_cast<std::int64_t>(bytes.size());
  }
  [[nodiscard]] std::int64_t length() const { return length_; }
  std::optional<std::string> finish() { return sum_ ? std::optional(sum_->finish()) : std::nullopt; }

 private:
  std::optional<platform::Sha256> sum_;
  std::int64_t length_ = 0;
};

/// The archive in the guest, from its making to its end.
class GuestArchive {
 public:
  GuestArchive(const Guest& guest, const Settings& settings)
      : guest_(guest), settings_(settings), signals_{SIGINT, SIGTERM, SIGHUP} {}
  GuestArchive(const GuestArchive&) = delete;
  GuestArchive& operator=(const GuestArchive&) = delete;
  ~GuestArchive() {
    if (path_.empty()) return;
    while (signals_.take()) {
    }
    auto removed = run_in_guest(guest_, {"rm", "-f", path_}, signals_);
    if (!removed || removed->status != 0) settings_.warn(path_ + " is left over in the guest");
  }

  /// Looks what tar there is, and makes an empty file that only the agent may read.
  Result<void> make(const std::string& pattern) {
    auto version = run_in_guest(guest_, {"tar", "--version"}, signals_);
    if (!version || version->status == 127) {
      const std::string why = version ? last_line(version->errors) : version.error().text;
      return Error::unsupported("this agent knows no folders, and the guest has no tar that would copy them (" + why +
                                "): it takes guestd in the guest, or tar");
    }
    is_gnu_ = version->output.find("GNU tar") != std::string::npos;
    knows_holes_ = is_gnu_ || version->output.find("libarchive") != std::string::npos;
    auto made = run({"mktemp", pattern});
    if (!made) return std::move(made).error();
    path_ = std::move(made->output);
    if (path_.ends_with('\n')) path_.pop_back();
    if (!path_.starts_with('/')) return Error{"mktemp in the guest does not tell what it has made"};
    return {};
  }

  /// An error if it ends with another status than 0.
  Result<ProgramEnd> run(const std::vector<std::string>& words) {
    auto end = run_in_guest(guest_, words, signals_);
    if (!end) return std::move(end).error().with_context("cannot run " + words.front() + " in the guest");
    if (end->status == 0) return end;
    const std::string why = last_line(end->errors);
    return Error{words.front() + " in the guest: " + (why.empty() ? "status " + std::to_string(end->status) : why)};
  }

  Result<ProgramEnd> run_tar(std::vector<std::string> words) {
    words.insert(words.begin(), "tar");
    return run_in_guest(guest_, words, signals_);
  }

  Result<void> compare(RunningSum& sum) {
    const auto ours = sum.finish();
    if (!ours || !settings_.checksum) return {};
    auto theirs = sum_by_program(guest_, path_, sum.length(), [] {});
    if (!theirs) return std::move(theirs).error();
    // Not every guest can compute it.
    if (theirs->digits.empty() || theirs->digits == *ours) return {};
    return Error{"the checksums of the archive differ"};
  }

  Result<void> go_on() {
    if (signals_.take()) return Error{"interrupted"};
    return {};
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool is_gnu() const { return is_gnu_; }
  [[nodiscard]] bool knows_holes() const { return knows_holes_; }

 private:
  const Guest& guest_;
  const Settings& settings_;
  terminal::Signals signals_;
  std::string path_;
  bool is_gnu_ = false;
  bool knows_holes_ = false;
};

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "" : path.substr(0, slash);
}

/// tar goes on after files that it cannot read or write; what it says of them is warned of.
bool hear(const ProgramEnd& end, const Settings& settings) {
  if (end.status == 0) return true;
  std::string_view errors = end.errors;
  if (errors.empty()) settings.warn("tar in the guest ended with status " + std::to_string(end.status));
  while (!errors.empty()) {
    const std::string_view line = errors.substr(0, errors.find('\n'));
    errors.remove_prefix(std::min(errors.size(), line.size() + 1));
    if (!line.empty()) settings.warn("in the guest: " + std::string(line));
  }
  return false;
}

Result<void> fetch(const Guest& guest, GuestArchive& archive, tar::Reader& reader, const Settings& settings) {
  auto from = GuestFile::open(guest, archive.path(), "r");
  if (!from) return std::move(from).error();
  auto size = from->size();
  if (!size) return std::move(size).error();
  if (settings.progress != nullptr) settings.progress->set_total(*size);
  RunningSum sum;
  auto received = from->read(*size, [&](std::span<const char> bytes) -> Result<void> {
    if (auto may = archive.go_on(); !may) return may;
    sum.add(bytes);
    if (settings.progress != nullptr) settings.progress->add(static_cast<std::int64_t>(bytes.size()));
    return reader.add(bytes);
  });
  if (!received) return std::move(received).error();
  if (auto whole = reader.finish(); !whole) return whole;
  return archive.compare(sum);
}

}  // namespace

Result<bool> is_folder_by_program(const Guest& guest, const std::string& path) {
  terminal::Signals signals{SIGINT, SIGTERM, SIGHUP};
  auto end = run_in_guest(guest, {"test", "-d", path}, signals);
  if (!end) return std::move(end).error().with_context("cannot look whether " + path + " is a folder");
  return end->status == 0;
}

Result<bool> upload_archive(const Guest& guest, const std::string& source, const std::string& path,
                            const Settings& settings) {
  if (auto told = require_utf8(path); !told) return std::move(told).error();
  GuestArchive archive(guest, settings);
  // Where the files will need the room too.
  if (auto made = archive.make(folder_of(path) + "/.guestctl.XXXXXXXXXX"); !made) return std::move(made).error();
  auto to = GuestFile::open(guest, archive.path(), "w");
  if (!to) return std::move(to).error();
  RunningSum sum;
  const auto send = [&](std::span<const char> bytes) -> Result<void> {
    if (auto may = archive.go_on(); !may) return may;
    sum.add(bytes);
    return to->write(bytes);
  };
  auto packed = pack_folder(source, archive.knows_holes(), send, settings);
  if (!packed) return packed;
  if (auto stored = to->finish_writes(); !stored) return std::move(stored).error();
  if (auto closed = to->close(); !closed) return std::move(closed).error();
  if (auto same = archive.compare(sum); !same) return std::move(same).error();

  auto present = is_folder_by_program(guest, path);
  if (!present) return present;
  if (!*present) {
    if (auto made = archive.run({"mkdir", "-m", "700", path}); !made) return std::move(made).error();
  }
  std::vector<std::string> words{"-x", "-p", "-f", archive.path(), "-C", path};
  if (!settings.owners) words.insert(words.begin() + 2, "-o");
  auto unpacked = archive.run_tar(words);
  if (!unpacked) return std::move(unpacked).error();
  return hear(*unpacked, settings) && *packed;
}

Result<bool> download_archive(const Guest& guest, const std::string& path, const HostFolder& folder,
                              const std::string& name, const Settings& settings) {
  GuestArchive archive(guest, settings);
  if (auto made = archive.make("/var/tmp/guestctl.XXXXXXXXXX"); !made) return std::move(made).error();
  std::vector<std::string> words{"-c", "-f", archive.path(), "-C", path, "."};
  // Fractions of seconds take the one, holes with GNU tar the other too.
  if (archive.knows_holes()) words.insert(words.begin() + 1, "--format=posix");
  if (archive.is_gnu()) words.insert(words.begin() + 1, "-S");
  auto packed = archive.run_tar(words);
  if (!packed) return std::move(packed).error();
  const bool complete = hear(*packed, settings);

  auto inside = folder.enter(name);
  if (!inside) return std::move(inside).error();
  Unpacking unpacking(*std::move(inside), settings);
  tar::Reader reader(unpacking);
  if (auto fetched = fetch(guest, archive, reader, settings); !fetched) return std::move(fetched).error();
  if (auto finished = unpacking.finish(); !finished) return std::move(finished).error();
  return complete && unpacking.whole();
}

}  // namespace guestd::copy
