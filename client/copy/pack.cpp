// SPDX-License-Identifier: Apache-2.0
#include "client/copy/pack.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "client/copy/guest_file.hpp"
#include "client/copy/host_file.hpp"
#include "client/copy/host_tree.hpp"
#include "client/copy/tar/encode.hpp"

namespace guestd::copy {
namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;

tar::Entry entry_of(const struct stat& state, const std::string& path, tar::Kind kind) {
  tar::Entry entry;
  entry.name = "./" + path;
  entry.kind = kind;
  entry.mode = static_cast<std::uint32_t>(state.st_mode) & 07777U;
  entry.uid = state.st_uid;
  entry.gid = state.st_gid;
  entry.modify_time = std::int64_t{state.st_mtim.tv_sec} * kNanoseconds + state.st_mtim.tv_nsec;
  OwnerNames names = names_of_owners(state);
  entry.user = std::move(names.user);
  entry.group = std::move(names.group);
  return entry;
}

class Packing : public TreeVisitor {
 public:
  Packing(bool keep_holes, const ArchiveSink& sink, const Settings& settings)
      : keep_holes_(keep_holes), sink_(sink), settings_(settings), piece_(kWriteBytes) {}

  Result<void> begin_folder(const std::string& path, const std::string& /*source*/, const struct stat& state) override {
    return put(tar::encode(entry_of(state, path.empty() ? path : path + "/", tar::Kind::kFolder)));
  }
  /// Once more: GNU tar sets the times of folders when all is in them, others when they come to them.
  Result<void> end_folder(const std::string& path, const struct stat& state) override {
    return begin_folder(path, path, state);
  }

  Result<void> link(const std::string& target, const std::string& path, const std::string& /*source*/,
                    const struct stat& state) override {
    tar::Entry entry = entry_of(state, path, tar::Kind::kSymlink);
    entry.target = target;
    return put(tar::encode(entry));
  }

  Result<void> file(int fd, const std::string& path, const std::string& source) override {
    struct stat state {};
    if (::fstat(fd, &state) != 0) return Error::from_errno("cannot read " + source, errno);
    if (settings_.progress != nullptr) settings_.progress->begin(path.substr(path.rfind('/') + 1));
    tar::Entry entry = entry_of(state, path, tar::Kind::kFile);
    entry.size = state.st_size;
    if (keep_holes_) {
      entry.data = data_of(fd, entry.size);
    } else if (entry.size > 0) {
      entry.data = {{0, entry.size}};
    }
    if (auto put_in = put(tar::encode(entry)); !put_in) return put_in;
    std::int64_t bytes = 0;
    std::optional<Error> unread;
    for (const tar::Extent& extent : entry.data) {
      if (auto put_in = put_data(fd, extent, source, unread); !put_in) return put_in;
      bytes += extent.length;
    }
    if (settings_.progress != nullptr) settings_.progress->add(entry.size - bytes);
    if (auto put_in = put(std::string(tar::padding(bytes), '\0')); !put_in) return put_in;
    return unread ? Result<void>(*std::move(unread)) : Result<void>();
  }

  Result<void> put(std::string_view bytes) {
    auto taken = sink_(bytes);
    broken_ = broken_ || !taken;
    return taken;
  }

  /// Nothing more can be put in.
  [[nodiscard]] bool is_broken() const { return broken_; }

 private:
  /// The archive has said how long the file is: what cannot be read any more is zeros.
  Result<void> put_data(int fd, const tar::Extent& extent, const std::string& source, std::optional<Error>& unread) {
    for (std::int64_t at = extent.offset; at < extent.offset + extent.length;) {
      const auto wanted = std::min<std::int64_t>(extent.offset + extent.length - at, kWriteBytes);
      ssize_t got = unread ? 0 : ::pread(fd, piece_.data(), static_cast<std::size_t>(wanted), at);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) unread = Error::from_errno("cannot read " + source, errno);
      if (got == 0 && !unread) unread = Error{source + " has become shorter while it was copied"};
      if (got <= 0) {
        got = wanted;
        std::fill_n(piece_.begin(), got, '\0');
      }
      if (auto put_in = put({piece_.data(), static_cast<std::size_t>(got)}); !put_in) return put_in;
      if (settings_.progress != nullptr) settings_.progress->add(got);
      at += got;
    }
    return {};
  }

  bool keep_holes_;
  const ArchiveSink& sink_;
  const Settings& settings_;
  std::vector<char> piece_;
  bool broken_ = false;
};

}  // namespace

Result<bool> pack_folder(const std::string& source, bool keep_holes, const ArchiveSink& sink,
                         const Settings& settings) {
  Packing packing(keep_holes, sink, settings);
  bool whole = true;
  HostTree tree(packing, [&](const Error& error) { return !packing.is_broken() && pass_over(error, settings, whole); });
  if (auto walked = tree.walk(source); !walked) return std::move(walked).error();
  if (auto ended = packing.put(tar::end_of_archive()); !ended) return std::move(ended).error();
  return whole;
}

}  // namespace guestd::copy
