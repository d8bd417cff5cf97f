// SPDX-License-Identifier: Apache-2.0
// An archive that a guest has sent for `guestctl cp -r`: what the reader makes of it, and what comes of it on the disk.
// The first byte tells in what pieces it comes, and whether headers get the checksum that fits them: a changed header
// would hardly ever be read otherwise.
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/copy/host_folder.hpp"
#include "client/copy/settings.hpp"
#include "client/copy/tar/fields.hpp"
#include "client/copy/tar/reader.hpp"
#include "client/copy/unpack.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

namespace copy = guestd::copy;
namespace tar = guestd::copy::tar;
namespace fs = std::filesystem;
using guestd::Result;

constexpr std::string_view kMine = "mine";
constexpr uid_t kNobody = 65534;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

/// Adds up whatever happens, so that two readings can be compared.
class Trace {
 public:
  void add(std::string_view bytes) {
    for (const char byte : bytes) sum_ = (sum_ ^ static_cast<unsigned char>(byte)) * 0x100000001B3U;
  }
  void add(std::int64_t number) { add({reinterpret_cast<const char*>(&number), sizeof number}); }
  friend bool operator==(const Trace&, const Trace&) = default;

 private:
  std::uint64_t sum_ = 0xCBF29CE484222325U;
};

/// Looks whether the reader keeps what it promises.
class Watch : public tar::Receiver {
 public:
  Result<void> begin(const tar::Entry& entry) override {
    require(!open_, "a member begins in another one");
    open_ = true;
    for (const std::string* const text : {&entry.name, &entry.target, &entry.user, &entry.group}) {
      require(text->size() <= static_cast<std::size_t>(tar::kPrefaceBytes), "a text is bounded");
      require(text->find('\0') == std::string::npos, "a text ends at a NUL");
      trace_.add(*text);
    }
    for (const std::int64_t number : {std::int64_t{entry.mode}, std::int64_t{entry.uid}, std::int64_t{entry.gid},
                                      entry.modify_time, entry.size, static_cast<std::int64_t>(entry.kind)}) {
      trace_.add(number);
    }
    require(entry.mode <= 07777U, "a mode is one");
    take_extents(entry);
    look_at_name(entry.name);
    return {};
  }

  Result<void> data(std::int64_t offset, std::span<const char> bytes) override {
    require(open_ && !bytes.empty(), "bytes belong to a member");
    require(extent_ < extents_.size(), "there are no more bytes than the extents have");
    const tar::Extent& extent = extents_[extent_];
    require(offset == extent.offset + at_, "bytes come in order");
    at_ += static_cast<std::int64_t>(bytes.size());
    require(at_ <= extent.length, "bytes lie in one extent");
    if (at_ == extent.length) {
      ++extent_;
      at_ = 0;
    }
    trace_.add(std::string_view(bytes.data(), bytes.size()));
    return {};
  }

  Result<void> end() override {
    require(open_ && extent_ == extents_.size(), "a member ends when it is whole");
    open_ = false;
    return {};
  }

  [[nodiscard]] const Trace& trace() const { return trace_; }
  [[nodiscard]] bool is_open() const { return open_; }

 private:
  void take_extents(const tar::Entry& entry) {
    require(entry.size >= 0 && entry.size <= tar::kLargestFile, "a size is bounded");
    require(entry.data.size() <= tar::kExtents, "extents are bounded");
    std::int64_t end = 0;
    for (const tar::Extent& extent : entry.data) {
      require(extent.offset >= end && extent.length > 0, "extents are in order");
      require(extent.length <= entry.size && extent.offset <= entry.size - extent.length, "extents lie in the file");
      end = extent.offset + extent.length;
      trace_.add(extent.offset);
      trace_.add(extent.length);
    }
    extents_ = entry.kind == tar::Kind::kFile ? entry.data : std::vector<tar::Extent>();
    extent_ = 0;
    at_ = 0;
  }

  static void look_at_name(std::string_view name) {
    const auto steps = copy::names_in(name);
    if (!steps) return;
    require(!name.starts_with('/'), "an absolute name is refused");
    require(steps->size() <= static_cast<std::size_t>(copy::kDeepest), "steps are bounded");
    for (const std::string& step : *steps) {
      require(!step.empty() && step != "." && step != ".." && step.find('/') == std::string::npos, "a step is plain");
    }
  }

  Trace trace_;
  std::vector<tar::Extent> extents_;
  std::size_t extent_ = 0;
  std::int64_t at_ = 0;
  bool open_ = false;
};

Result<void> feed(tar::Reader& reader, std::string_view archive, std::size_t piece) {
  for (; !archive.empty(); archive.remove_prefix(std::min(archive.size(), piece))) {
    if (auto added = reader.add(archive.substr(0, piece)); !added) return added;
  }
  return reader.finish();
}

struct Reading {
  Trace trace;
  std::string error;
  friend bool operator==(const Reading&, const Reading&) = default;
};

Reading read(std::string_view archive, std::size_t piece) {
  Watch watch;
  tar::Reader reader(watch);
  const auto fed = feed(reader, archive, piece);
  require(!fed || !watch.is_open(), "a whole archive has whole members");
  return {watch.trace(), fed ? "" : fed.error().text};
}

/// Files as nobody's: if a name led out of the folder after all, nothing of this machine would be hurt.
class WithoutRights {
 public:
  WithoutRights() { set(is_root_ ? kNobody : ::getuid(), is_root_ ? kNobody : ::getgid()); }
  WithoutRights(const WithoutRights&) = delete;
  WithoutRights& operator=(const WithoutRights&) = delete;
  ~WithoutRights() { set(::geteuid(), ::getegid()); }

 private:
  static void set(uid_t user, gid_t group) {
    ::setfsgid(group);
    ::setfsuid(user);
  }
  bool is_root_ = ::geteuid() == 0;
};

/// Nothing is there but files, folders and links without special modes. Empties it.
void clear(const fs::path& folder) {
  fs::permissions(folder, fs::perms::owner_all);
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::file_status status = entry.symlink_status();
    const bool folder_inside = fs::is_directory(status);
    require(folder_inside || fs::is_symlink(status) || fs::is_regular_file(status), "no device is made");
    require(fs::is_symlink(status) || (status.permissions() & ~fs::perms::all) == fs::perms::none, "a mode is plain");
    if (folder_inside) clear(entry.path());
    fs::remove(entry.path());
  }
}

/// The target, with a file and a folder beside it that are not the guest's business.
class Ground {
 public:
  Ground() {
    dir_.write("victim", kMine);
    for (const char* const name : {"target", "aside"}) fs::create_directory(dir_.path() / name);
    // Whoever unpacks may do anything here: that nobody has rights elsewhere shall not be what holds.
    for (const char* const name : {"victim", "aside", "target", "."}) {
      fs::permissions(dir_.path() / name, fs::perms::all);
      require(::chown((dir_ / name).c_str(), owner(), static_cast<gid_t>(-1)) == 0, "the ground can be laid");
    }
  }

  void unpack(std::string_view archive, std::size_t piece) {
    copy::Settings settings;
    settings.owners = false;
    settings.warn = [](std::string_view text) { require(!text.empty(), "a warning says something"); };
    {
      const WithoutRights rights;
      auto folder = copy::HostFolder::open(dir_ / "target");
      require(folder.has_value(), "the target is there");
      copy::Unpacking unpacking(*std::move(folder), settings);
      tar::Reader reader(unpacking);
      // What came before the end of a broken archive stays there; so do the modes of folders.
      const auto fed = feed(reader, archive, piece);
      if (auto finished = unpacking.finish(); fed) require(finished.has_value(), "one member does not end the others");
    }
    look_around();
    clear(dir_.path() / "target");
  }

 private:
  void look_around() const {
    require(dir_.read("victim") == kMine && fs::hard_link_count(dir_.path() / "victim") == 1, "files outside stay");
    require(fs::status(dir_.path() / "victim").permissions() == fs::perms::all, "modes outside stay");
    require(fs::is_empty(dir_.path() / "aside"), "folders outside stay");
    std::size_t names = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(dir_.path())) ++names;
    require(names == 3, "nothing comes beside the target");
  }

  static uid_t owner() { return ::geteuid() == 0 ? kNobody : ::geteuid(); }

  guestd::support::TempDir dir_;
};

void mend(std::string& archive) {
  for (std::size_t at = 0; at + tar::kBlock <= archive.size(); at += tar::kBlock) {
    const auto block = std::string_view(archive).substr(at, tar::kBlock);
    if (block.substr(tar::kMagic.offset, 5) != "ustar") continue;
    std::size_t sum = ' ' * tar::kChecksum.size;
    for (std::size_t index = 0; index < block.size(); ++index) {
      if (index - tar::kChecksum.offset >= tar::kChecksum.size) sum += static_cast<unsigned char>(block[index]);
    }
    for (std::size_t digit = 0; digit < 6; ++digit, sum /= 8) {
      archive[at + tar::kChecksum.offset + 5 - digit] = static_cast<char>('0' + sum % 8);
    }
    archive.replace(at + tar::kChecksum.offset + 6, 2, std::string_view("\0 ", 2));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static Ground ground;
  std::string archive(reinterpret_cast<const char*>(data + 1), size - 1);
  if ((data[0] & 0x80U) != 0) mend(archive);
  const std::size_t piece = std::size_t{data[0] & 0x7FU} * 13 + 1;
  require(read(archive, piece) == read(archive, archive.size()), "pieces change nothing");
  ground.unpack(archive, piece);
  return 0;
}
