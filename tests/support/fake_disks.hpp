// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "platform/disk_backends.hpp"

namespace guestd::support {

/// A disk or file system that does not answer, until the test ends. Shared with the threads that wait for it.
class Silence {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return over_; });
  }
  void end() {
    const std::lock_guard lock(mutex_);
    over_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
};

/// What a test says about the disks of a machine, and what has been done to them. One command at a time.
struct DiskScript {
  std::map<std::pair<std::string, std::string>, std::string> properties;  ///< by `8:0` and name
  std::map<std::string, platform::FileSystemUsage> usages;                ///< by mount point; others are EIO
  std::map<std::string, int> open_errors;                                 ///< errno by mount point
  std::map<std::string, int> trim_errors;
  std::map<std::string, platform::NvmeSmartPage> smart_pages;      ///< by node; others are EACCES
  std::set<std::string> dead;                                      ///< nodes of disks that do not answer ...
  std::shared_ptr<Silence> silence = std::make_shared<Silence>();  ///< ... before this ends

  std::vector<std::string> opened;               ///< mount points, in order
  std::vector<platform::TrimRange> trimmed;      ///< ranges, in order
  platform::Trimmed trim_result{4096, 512};      ///< of every range
  std::uint64_t size_bytes = ~std::uint64_t{0};  ///< a range that starts behind it is EINVAL
};

class FakeDatabase final : public platform::DeviceDatabase {
 public:
  explicit FakeDatabase(std::shared_ptr<const DiskScript> script) : script_(std::move(script)) {}
  [[nodiscard]] std::optional<std::string> property(platform::DeviceNumber device, const char* name) const override {
    const auto found = script_->properties.find({platform::to_string(device), name});
    return found == script_->properties.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::shared_ptr<const DiskScript> script_;
};

class FakeUsage final : public platform::UsageSource {
 public:
  explicit FakeUsage(std::shared_ptr<const DiskScript> script) : script_(std::move(script)) {}
  [[nodiscard]] Result<platform::FileSystemUsage> usage(const std::string& mountpoint) const override {
    const auto found = script_->usages.find(mountpoint);
    if (found == script_->usages.end()) return Error::from_errno("cannot look at " + mountpoint, EIO);
    return found->second;
  }

 private:
  std::shared_ptr<const DiskScript> script_;
};

/// Records what is opened and trimmed. Folders are never opened.
class FakeTrim final : public platform::TrimDevice {
 public:
  explicit FakeTrim(std::shared_ptr<DiskScript> script) : script_(std::move(script)) {}
  [[nodiscard]] Result<UniqueFd> open(const std::string& mountpoint) const override {
    script_->opened.push_back(mountpoint);
    const auto found = script_->open_errors.find(mountpoint);
    if (found != script_->open_errors.end()) return Error::from_errno("failed to open", found->second);
    return UniqueFd();
  }
  [[nodiscard]] Result<platform::Trimmed> trim(const UniqueFd&, const platform::TrimRange& range) const override {
    if (range.start >= script_->size_bytes) return Error::from_errno("failed to trim", EINVAL);
    script_->trimmed.push_back(range);
    const auto found = script_->trim_errors.find(script_->opened.back());
    if (found != script_->trim_errors.end()) return Error::from_errno("failed to trim", found->second);
    return script_->trim_result;
  }

 private:
  std::shared_ptr<DiskScript> script_;
};

class FakeNvme final : public platform::NvmeDevice {
 public:
  explicit FakeNvme(std::shared_ptr<const DiskScript> script) : script_(std::move(script)) {}
  [[nodiscard]] Result<platform::NvmeSmartPage> smart_page(const std::string& node) const override {
    if (script_->dead.contains(node)) script_->silence->wait();
    const auto found = script_->smart_pages.find(node);
    if (found == script_->smart_pages.end()) return Error::from_errno("cannot open " + node, EACCES);
    return found->second;
  }

 private:
  std::shared_ptr<const DiskScript> script_;
};

/// The serial numbers of sysfs, but for the disks that are dead.
class FakeSerials final : public platform::SerialSource {
 public:
  explicit FakeSerials(std::shared_ptr<const DiskScript> script) : script_(std::move(script)) {}
  [[nodiscard]] std::string serial(const platform::Root& root, const platform::BlockDevice& disk) const override {
    if (script_->dead.contains(disk.node)) script_->silence->wait();
    return platform::SysfsSerials().serial(root, disk);
  }

 private:
  std::shared_ptr<const DiskScript> script_;
};

inline platform::DiskBackends fake_disks(const std::shared_ptr<DiskScript>& script = std::make_shared<DiskScript>()) {
  return {std::make_unique<FakeDatabase>(script),
          std::make_unique<platform::FileSystemUsages>(std::make_shared<FakeUsage>(script)),
          std::make_unique<FakeTrim>(script), std::make_shared<FakeNvme>(script), std::make_shared<FakeSerials>(script),
          // A test with dead disks takes another one, that has less patience.
          std::make_unique<platform::InTime>(
              platform::InTime::Limits{std::chrono::seconds(20), std::chrono::milliseconds(20), 8})};
}

}  // namespace guestd::support
