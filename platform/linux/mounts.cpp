// SPDX-License-Identifier: Apache-2.0
#include "platform/mounts.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <system_error>
#include <utility>

namespace guestd::platform {

namespace {

// A machine full of containers has thousands of mounts, and each overlay names all its layers. The kernel allows
// 100,000 mounts per namespace (fs.mount-max).
constexpr std::size_t kLargestTable = 64U << 20U;

bool is_octal(char c) { return c >= '0' && c <= '7'; }

/// The kernel writes blank, tab, newline, backslash and `#` as a backslash and three octal digits (seq_file.c,
/// mangle_path).
std::string unescape(std::string_view field) {
  if (field.find('\\') == std::string_view::npos) return std::string(field);
  std::string text;
  text.reserve(field.size());
  for (std::size_t i = 0; i < field.size(); ++i) {
    const bool escaped = field[i] == '\\' && i + 3 < field.size() && field[i + 1] <= '3' && is_octal(field[i + 1]) &&
                         is_octal(field[i + 2]) && is_octal(field[i + 3]);
    if (!escaped) {
      text += field[i];
      continue;
    }
    text += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 + (field[i + 3] - '0'));
    i += 3;
  }
  return text;
}

/// Takes the field up to the next blank off the front. Fields are separated by exactly one blank: an empty source is
/// two blanks in a row.
std::optional<std::string_view> take_field(std::string_view& line) {
  if (line.data() == nullptr) return std::nullopt;
  const std::size_t end = line.find(' ');
  const std::string_view field = line.substr(0, end);
  line = end == std::string_view::npos ? std::string_view() : line.substr(end + 1);
  return field;
}

bool to_int(std::string_view text, int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

/// Fields that are not known are left out, as proc(5) asks for.
void add_optional_field(std::string_view field, Propagation& propagation) {
  const std::size_t colon = std::min(field.find(':'), field.size());
  const std::string_view tag = field.substr(0, colon);
  const std::string_view value = field.substr(std::min(colon + 1, field.size()));
  if (tag == "shared") to_int(value, propagation.shared);
  if (tag == "master") to_int(value, propagation.master);
  if (tag == "propagate_from") to_int(value, propagation.propagate_from);
  if (tag == "unbindable") propagation.unbindable = true;
}

bool take_number(std::string_view& line, int& number) {
  const auto field = take_field(line);
  return field && to_int(*field, number);
}

bool take_device(std::string_view& line, DeviceNumber& device) {
  const auto field = take_field(line);
  const auto number = field ? parse_device_number(*field) : std::nullopt;
  if (number) device = *number;
  return number.has_value();
}

bool take_text(std::string_view& line, std::string& text) {
  const auto field = take_field(line);
  if (field) text = unescape(*field);
  return field.has_value();
}

bool take_propagation(std::string_view& line, Propagation& propagation) {
  while (const auto field = take_field(line)) {
    if (*field == "-") return true;
    add_optional_field(*field, propagation);
  }
  return false;
}

bool parse_line(std::string_view line, Mount& mount) {
  const bool complete = take_number(line, mount.id) && take_number(line, mount.parent_id) &&
                        take_device(line, mount.device) && take_text(line, mount.root) &&
                        take_text(line, mount.mountpoint) && take_text(line, mount.options) &&
                        take_propagation(line, mount.propagation) && take_text(line, mount.type) &&
                        take_text(line, mount.source) && take_text(line, mount.super_options);
  return complete && mount.mountpoint.starts_with('/') && !mount.type.empty();
}

bool is_one_of(std::string_view type, std::initializer_list<std::string_view> types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

std::size_t hash_of(int parent_id, std::string_view mountpoint) {
  constexpr std::size_t kSpread = 0x9e3779b97f4a7c15;
  return std::hash<std::string_view>()(mountpoint) ^ (static_cast<std::size_t>(parent_id) * kSpread);
}

/// A folder that has been removed while something is mounted on it (fs/d_path.c).
bool is_deleted(const Mount& mount) { return mount.mountpoint.ends_with("//deleted"); }

}  // namespace

Storage storage_of(const Mount& mount) {
  const std::string_view type = mount.type;
  if (mount.device.major != 0) return Storage::kBlockDevice;
  // EROFS has an anonymous device where it is mounted from a file.
  if (is_one_of(type, {"btrfs", "zfs", "bcachefs", "erofs"})) return Storage::kVolume;
  if (is_one_of(type, {"overlay", "aufs"})) return Storage::kOverlay;
  if (is_one_of(type, {"tmpfs", "ramfs", "rootfs", "hugetlbfs", "devtmpfs"})) return Storage::kMemory;
  if (type == "fuse" || type.starts_with("fuse.")) return Storage::kFuse;
  if (is_one_of(type, {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "ceph", "afs", "lustre", "vboxsf",
                       "coda", "pvfs2", "prl_fs", "vmhgfs"})) {
    return Storage::kNetwork;
  }
  return Storage::kNone;
}

bool is_read_only(const Mount& mount) {
  return mount_option(mount.options, "ro").has_value() || mount_option(mount.super_options, "ro").has_value();
}

bool is_bind_mount(const Mount& mount) {
  if (mount.type != "btrfs") return mount.root != "/";
  const auto subvolume = mount_option(mount.super_options, "subvol");
  return mount.root != subvolume.value_or("/");
}

std::optional<std::string_view> mount_option(std::string_view options, std::string_view name) {
  while (!options.empty()) {
    const std::size_t end = std::min(options.find(','), options.size());
    const std::string_view option = options.substr(0, end);
    if (option == name) return std::string_view("");
    if (option.starts_with(name) && option[name.size()] == '=') return option.substr(name.size() + 1);
    options.remove_prefix(std::min(end + 1, options.size()));
  }
  return std::nullopt;
}

MountTable::MountTable(std::vector<Mount> mounts, std::size_t skipped_lines)
    : mounts_(std::move(mounts)), skipped_lines_(skipped_lines) {
  for (std::size_t i = 0; i < mounts_.size(); ++i) {
    by_id_.push_back(i);
    by_place_.push_back({hash_of(mounts_[i].parent_id, mounts_[i].mountpoint), i});
  }
  const auto id = [this](std::size_t i) { return mounts_[i].id; };
  std::stable_sort(by_id_.begin(), by_id_.end(), [&](std::size_t a, std::size_t b) { return id(a) < id(b); });
  std::sort(by_place_.begin(), by_place_.end());
}

const Mount* MountTable::find(int id) const {
  const auto found = std::lower_bound(by_id_.begin(), by_id_.end(), id,
                                      [this](std::size_t i, int wanted) { return mounts_[i].id < wanted; });
  if (found == by_id_.end() || mounts_[*found].id != id) return nullptr;
  return &mounts_[*found];
}

const Mount* MountTable::child_at(const Mount& parent, std::string_view mountpoint) const {
  const std::size_t hash = hash_of(parent.id, mountpoint);
  auto place = std::lower_bound(by_place_.begin(), by_place_.end(), HashedPlace{hash, 0});
  for (; place != by_place_.end() && place->hash == hash; ++place) {
    const Mount& mount = mounts_[place->index];
    if (mount.parent_id == parent.id && mount.mountpoint == mountpoint) return &mount == &parent ? nullptr : &mount;
  }
  return nullptr;
}

/// What lies on top of `mount` at its own place. The count ends a circle, which only a made-up table has.
const Mount* MountTable::topmost(const Mount* mount) const {
  for (std::size_t i = 0; mount != nullptr && i < mounts_.size(); ++i) {
    const Mount* above = child_at(*mount, mount->mountpoint);
    if (above == nullptr) break;
    mount = above;
  }
  return mount;
}

const Mount* MountTable::root_mount() const {
  for (const Mount& mount : mounts_) {
    const bool is_top = mount.parent_id == mount.id || find(mount.parent_id) == nullptr;
    if (is_top && mount.mountpoint == "/") return topmost(&mount);
  }
  return nullptr;
}

const Mount* MountTable::mount_of(std::string_view path) const {
  const Mount* current = root_mount();
  std::size_t end = path.starts_with('/') ? 1 : path.size();
  while (current != nullptr && end < path.size()) {
    end = std::min(path.find('/', end), path.size());
    if (const Mount* child = child_at(*current, path.substr(0, end))) current = topmost(child);
    ++end;
  }
  return current;
}

bool MountTable::is_visible(const Mount& mount) const {
  if (is_deleted(mount)) return false;
  const Mount* reached = mount_of(mount.mountpoint);
  return reached != nullptr && reached->id == mount.id;
}

MountTable parse_mountinfo(std::string_view text) {
  std::vector<Mount> mounts;
  mounts.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
  std::size_t skipped = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    if (!parse_line(line, mounts.emplace_back())) {
      mounts.pop_back();
      ++skipped;
    }
  }
  return MountTable(std::move(mounts), skipped);
}

Result<MountTable> mounts(const Root& root) {
  auto text = root.read_file("/proc/self/mountinfo", kLargestTable);
  if (!text) return std::move(text).error();
  return parse_mountinfo(*text);
}

}  // namespace guestd::platform
