// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "client/copy/host_folder.hpp"
#include "client/copy/settings.hpp"
#include "client/copy/tar/reader.hpp"

namespace guestd::copy {

/// The steps of a path below a folder, all of them plain names (is_plain_name()), kDeepest at most: those of `./a//b/`
/// are a, b, those of `.` none. What leads out of the folder is an error.
Result<std::vector<std::string>> names_in(std::string_view path);

/// Puts the members of an archive that a guest has made into a folder of the host, and nowhere else: every step goes by
/// a plain name from an open folder, without following links (HostFolder). What cannot be put there is warned of and
/// left out. Devices and pipes are never made.
class Unpacking : public tar::Receiver {
 public:
  Unpacking(HostFolder folder, const Settings& settings);

  Result<void> begin(const tar::Entry& entry) override;
  Result<void> data(std::int64_t offset, std::span<const char> bytes) override;
  Result<void> end() override;
  /// When all is there: folders get their modes and times.
  Result<void> finish();

  /// Nothing was left out.
  [[nodiscard]] bool whole() const { return whole_; }

 private:
  using Names = std::vector<std::string>;
  struct FolderAttributes {
    Names names;
    tar::Entry entry;
  };

  Result<void> put(const tar::Entry& entry);
  Result<const HostFolder*> enter(std::span<const std::string> names);
  Result<void> put_folder(const tar::Entry& entry, Names names);
  Result<void> put_hard_link(const tar::Entry& entry, const HostFolder& folder, const std::string& name);
  Result<void> end_file();
  Result<void> judge(Result<void> outcome);

  const Settings& settings_;
  std::vector<HostFolder> way_;  // the folders on the way to the last member, the target first
  Names way_names_;              // of all but the target
  std::vector<FolderAttributes> folders_;
  UniqueFd file_;  // the one whose bytes come now
  std::string file_path_;
  tar::Entry file_entry_;
  bool whole_ = true;
};

}  // namespace guestd::copy
