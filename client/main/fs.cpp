// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "client/main/ask.hpp"
#include "client/main/verbs.hpp"
#include "client/terminal/table.hpp"
#include "client/terminal/units.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::guestctl {
namespace {

using agent::GuestDiskInfo;
using agent::GuestFilesystemInfo;
using terminal::Table;

constexpr Table::Align kRight = Table::Align::kRight;

std::string size_or_dash(const std::optional<std::uint64_t>& bytes) {
  return bytes ? terminal::size_text(*bytes) : "-";
}

std::string filesystems_table(std::vector<GuestFilesystemInfo> all, const Context& context) {
  Table table({{"FILESYSTEM"},
               {"TYPE"},
               {"SIZE", kRight},
               {"USED", kRight},
               {"AVAIL", kRight},
               {"USE%", kRight},
               {"MOUNTED ON"}});
  std::ranges::sort(all, {}, &GuestFilesystemInfo::mountpoint);
  for (const GuestFilesystemInfo& one : all) {
    const std::uint64_t total = one.total_bytes.value_or(0);
    const std::uint64_t used = one.used_bytes.value_or(0);
    const bool known = one.total_bytes && one.used_bytes;
    table.add({one.name, one.type, size_or_dash(one.total_bytes), size_or_dash(one.used_bytes),
               known ? terminal::size_text(total > used ? total - used : 0) : "-",
               known ? terminal::percent_text(used, total) : "-", one.mountpoint});
  }
  return table.text(context.style());
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// Disks, what is on them, and where that is mounted. Whatever circles a guest may tell of, each device is shown once.
class DiskTree {
 public:
  DiskTree(const std::vector<GuestDiskInfo>& disks, const std::vector<GuestFilesystemInfo>& filesystems)
      : disks_(disks) {
    for (const GuestDiskInfo& disk : disks) names_.insert(disk.name);
    for (const GuestDiskInfo& disk : disks) {
      for (const std::string& below : disk.dependencies.value_or(std::vector<std::string>())) {
        children_[below].push_back(&disk);
      }
    }
    for (const GuestFilesystemInfo& one : filesystems) mounted_[std::string(base_name(one.name))].push_back(&one);
  }

  std::string text(const Context& context) {
    for (const GuestDiskInfo& disk : disks_) {
      if (is_root(disk)) add(disk, "", "");
    }
    // What hangs in circles has no root.
    for (const GuestDiskInfo& disk : disks_) add(disk, "", "");
    return table_.text(context.style());
  }

 private:
  [[nodiscard]] bool is_root(const GuestDiskInfo& disk) const {
    const auto& below = disk.dependencies;
    return !below || std::ranges::none_of(*below, [&](const std::string& name) { return names_.contains(name); });
  }

  void add(const GuestDiskInfo& disk, const std::string& mark, const std::string& indent) {
    constexpr std::size_t kDeepest = 128;  // 32 levels
    if (indent.size() > kDeepest || !shown_.insert(disk.name).second) return;
    add_row(disk, mark);
    const auto found = children_.find(disk.name);
    if (found == children_.end()) return;
    for (std::size_t index = 0; index < found->second.size(); ++index) {
      const bool last = index + 1 == found->second.size();
      add(*found->second[index], indent + (last ? "└─" : "├─"), indent + (last ? "  " : "│ "));
    }
  }

  void add_row(const GuestDiskInfo& disk, const std::string& mark) {
    std::string bus;
    std::string serial;
    if (disk.address) {
      bus = agent::to_string(disk.address->bus_type);
      serial = disk.address->serial.value_or("");
    }
    const auto found = mounted_.find(std::string(base_name(disk.name)));
    const auto alias = disk.alias ? mounted_.find(*disk.alias) : mounted_.end();
    const auto& where = found != mounted_.end() ? found : alias;
    if (where == mounted_.end())
      return table_.add({mark + disk.name, disk.partition ? "part" : "disk", bus, serial, "", "", ""});
    bool first = true;
    for (const GuestFilesystemInfo* one : where->second) {
      const std::string size = size_or_dash(one->total_bytes);
      if (first) {
        table_.add({mark + disk.name, disk.partition ? "part" : "disk", bus, serial, one->type, size, one->mountpoint});
      } else {
        table_.add({"", "", "", "", one->type, size, one->mountpoint});
      }
      first = false;
    }
  }

  const std::vector<GuestDiskInfo>& disks_;
  std::set<std::string, std::less<>> names_;
  std::map<std::string, std::vector<const GuestDiskInfo*>> children_;
  std::map<std::string, std::vector<const GuestFilesystemInfo*>> mounted_;
  std::set<std::string> shown_;
  Table table_{{{"NAME"}, {"KIND"}, {"BUS"}, {"SERIAL"}, {"TYPE"}, {"SIZE", kRight}, {"MOUNTED ON"}}};
};

Result<int> show_tree(const Context& context) {
  auto connection = context.connect();
  if (!connection) return std::move(connection).error();
  if (context.json) {
    auto agent = Capabilities::of(**connection);
    if (!agent) return std::move(agent).error();
    return print_json(**connection, *agent,
                      {{"disks", protocol::make_call<agent::calls::GetDisks>({})},
                       {"filesystems", protocol::make_call<agent::calls::GetFsinfo>({})}});
  }
  auto disks = agent::get_disks(**connection);
  if (!disks) return std::move(disks).error();
  auto filesystems = agent::get_fsinfo(**connection);
  if (!filesystems) return std::move(filesystems).error();
  print(DiskTree(*disks, *filesystems).text(context));
  return kExitDone;
}

}  // namespace

Action define_fs(CLI::App& app) {
  auto tree = std::make_shared<bool>(false);
  app.add_flag("--tree", *tree, "show disks, what is on them, and where it is mounted");
  return [tree](Context& context) -> Result<int> {
    if (*tree) return show_tree(context);
    return show<agent::calls::GetFsinfo>(context, {}, [&](const auto& all) { return filesystems_table(all, context); });
  };
}

}  // namespace guestd::guestctl
