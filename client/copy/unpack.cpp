// SPDX-License-Identifier: Apache-2.0
#include "client/copy/unpack.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "client/copy/host_file.hpp"

namespace guestd::copy {
namespace {

/// Folders whose attributes are kept in mind until the end, at most: a guest could tell of any number.
constexpr std::size_t kFolders = std::size_t{1} << 20U;

agent::GuestdFileStatus status_of(const tar::Entry& entry) {
  agent::GuestdFileStatus status;
  status.mode = entry.mode;
  status.uid = entry.uid;
  status.gid = entry.gid;
  if (!entry.user.empty()) status.user = entry.user;
  if (!entry.group.empty()) status.group = entry.group;
  status.access_time = status.modify_time = entry.modify_time;
  return status;
}

}  // namespace

Result<std::vector<std::string>> names_in(std::string_view path) {
  const Error foul{"the guest tells of a file with the name '" + std::string(path) + "', which cannot be"};
  if (path.starts_with('/')) return foul;
  std::vector<std::string> names;
  while (!path.empty()) {
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), name.size() + 1));
    if (name.empty() || name == ".") continue;
    if (!is_plain_name(name)) return foul;
    names.emplace_back(name);
  }
  if (names.size() > static_cast<std::size_t>(kDeepest)) return Error{"there are too many folders in folders"};
  return names;
}

Unpacking::Unpacking(HostFolder folder, const Settings& settings) : settings_(settings) {
  way_.push_back(std::move(folder));
}

Result<void> Unpacking::begin(const tar::Entry& entry) { return judge(put(entry)); }

/// What fails on one member, the next one may do without.
Result<void> Unpacking::judge(Result<void> outcome) {
  if (outcome || pass_over(outcome.error(), settings_, whole_)) return {};
  return outcome;
}

Result<void> Unpacking::put(const tar::Entry& entry) {
  auto names = names_in(entry.name);
  if (!names) return std::move(names).error();
  if (entry.kind == tar::Kind::kFolder) return put_folder(entry, *std::move(names));
  if (names->empty()) return Error{"the guest tells of a file without a name"};
  auto folder = enter(std::span(*names).first(names->size() - 1));
  if (!folder) return std::move(folder).error();
  const std::string& name = names->back();
  if (entry.kind == tar::Kind::kSymlink) return (*folder)->make_link(name, entry.target);
  if (entry.kind == tar::Kind::kHardLink) return put_hard_link(entry, **folder, name);
  if (entry.kind == tar::Kind::kOther) return Error{entry.name + " is a pipe or device; it is left out"};
  if (settings_.progress != nullptr) settings_.progress->begin(name);
  auto file = (*folder)->open_file(name);
  if (!file) return std::move(file).error();
  file_path_ = (*folder)->path_of(name);
  if (::ftruncate(file->get(), 0) != 0 || ::ftruncate(file->get(), entry.size) != 0) {
    return Error::from_errno("cannot write " + file_path_, errno);
  }
  file_ = *std::move(file);
  file_entry_ = entry;
  return {};
}

/// Members of one folder come one after the other, mostly.
Result<const HostFolder*> Unpacking::enter(std::span<const std::string> names) {
  std::size_t same = 0;
  while (same < names.size() && same < way_names_.size() && names[same] == way_names_[same]) ++same;
  way_names_.resize(same);
  way_.erase(way_.begin() + static_cast<std::ptrdiff_t>(same) + 1, way_.end());
  for (const std::string& name : names.subspan(same)) {
    auto inside = way_.back().enter(name);
    if (!inside) return std::move(inside).error();
    way_.push_back(*std::move(inside));
    way_names_.push_back(name);
  }
  return &way_.back();
}

Result<void> Unpacking::put_folder(const tar::Entry& entry, Names names) {
  if (auto folder = enter(names); !folder) return std::move(folder).error();
  if (folders_.size() == kFolders) return Error{entry.name + ": there are too many folders to keep their modes"};
  folders_.push_back({std::move(names), entry});
  return {};
}

Result<void> Unpacking::put_hard_link(const tar::Entry& entry, const HostFolder& folder, const std::string& name) {
  auto names = names_in(entry.target);
  if (!names) return std::move(names).error();
  if (names->empty()) return Error{entry.name + ": a link to nowhere"};
  std::optional<HostFolder> from;
  for (const std::string& step : std::span(*names).first(names->size() - 1)) {
    auto inside = (from ? *from : way_.front()).enter(step);
    if (!inside) return std::move(inside).error();
    from.emplace(*std::move(inside));
  }
  return folder.make_hard_link(name, from ? *from : way_.front(), names->back());
}

Result<void> Unpacking::data(std::int64_t offset, std::span<const char> bytes) {
  if (!file_.valid()) return {};
  auto written = write_all(file_.get(), bytes, offset);
  if (written) return {};
  file_.reset();
  return judge(std::move(written).error().with_context(file_path_));
}

Result<void> Unpacking::end() { return file_.valid() ? judge(end_file()) : Result<void>(); }

Result<void> Unpacking::end_file() {
  const UniqueFd file = std::exchange(file_, UniqueFd());
  return set_attributes(file.get(), status_of(file_entry_), file_path_, settings_);
}

Result<void> Unpacking::finish() {
  for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) {
    auto there = enter(folder->names);
    auto set = there ? set_attributes((*there)->fd(), status_of(folder->entry), (*there)->path(), settings_)
                     : Result<void>(std::move(there).error());
    if (auto judged = judge(std::move(set)); !judged) return judged;
  }
  return {};
}

}  // namespace guestd::copy
