// SPDX-License-Identifier: Apache-2.0
#include "platform/new_file.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <utility>

#include "base/unique_fd.hpp"
#include "platform/file_status.hpp"

namespace guestd::platform {

namespace {

/// A path as the folder above and the name in there.
struct Place {
  std::string folder;
  std::string name;  ///< empty: it is `/`
};

Place split(std::string_view path) {
  // `/a/./` is `/a`.
  while (path.size() > 1 && (path.ends_with('/') || path.ends_with("/."))) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {".", std::string(path)};
  return {std::string(path.substr(0, slash + 1)), std::string(path.substr(slash + 1))};
}

Error failed(const std::string& path, int code) { return Error::from_errno("cannot make " + path, code); }

bool can_be_made(const Place& place) {
  return !place.name.empty() && place.name != "." && place.name != ".." && place.name.find('\0') == std::string::npos;
}

/// The place where something is made, as `check` has been asked about it. Without a check nothing is looked at.
class CheckedPlace {
 public:
  static Result<CheckedPlace> check(const Root& root, int folder, const Place& place, const PathCheck& check) {
    CheckedPlace checked(root, folder);
    if (!check) return checked;
    auto truth = root.path_of(folder);
    if (!truth) return std::move(truth).error();
    const std::string path = (*truth == "/" ? std::string() : *truth) + "/" + place.name;
    if (auto allowed = check(path); !allowed) return std::move(allowed).error();
    checked.folder_path_ = *std::move(truth);
    return checked;
  }

  /// Whether the folder still lies where it lay.
  [[nodiscard]] bool holds() const {
    if (folder_path_.empty()) return true;
    const auto truth = root_.path_of(folder_);
    return truth && *truth == folder_path_;
  }

 private:
  CheckedPlace(const Root& root, int folder) : root_(root), folder_(folder) {}

  const Root& root_;
  int folder_;
  std::string folder_path_;  ///< empty: nobody has asked
};

/// An error of the system with the path, one of a check as it is.
Error place_error(const Error& error, const std::string& path) {
  return error.kind == Error::Kind::kRefused ? error : failed(path, error.errno_value);
}

Result<UniqueFd> open_folder(const Root& root, const std::string& path) {
  return root.open(path, O_PATH | O_DIRECTORY);
}

/// The folder above, which is made first where that is wanted.
Result<UniqueFd> folder_above(const Root& root, const std::string& folder, const NewFolder& wanted) {
  auto above = open_folder(root, folder);
  if (above || !wanted.parents || above.error().errno_value != ENOENT) return above;
  if (auto made = make_folder(root, folder, {std::nullopt, true, wanted.check}); !made) return std::move(made).error();
  return open_folder(root, folder);
}

Result<bool> take_existing(int above, const Place& place, const std::string& path) {
  const auto status = file_status(above, place.name);
  if (!status) return failed(path, status.error().errno_value);
  if (status->type != FileType::kDirectory) return failed(path, ENOTDIR);
  return false;
}

/// mkdir(2) leaves bits out: those of the umask, set-user-ID and the like.
Result<void> give_mode(int above, const Place& place, const std::string& path, mode_t mode) {
  const UniqueFd made(::openat(above, place.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!made.valid() || ::fchmod(made.get(), mode) < 0) return failed(path, errno);
  return {};
}

std::string temporary_name() {
  std::uint64_t random = 0;
  // Never short for so few bytes (getrandom(2)); without it the name is taken sometimes, which is an error.
  [[maybe_unused]] const auto got = ::getrandom(&random, sizeof random, 0);
  return ".guestd-link-" + std::to_string(random);
}

Result<bool> replace_by_link(int above, const Place& place, const std::string& path, const std::string& target) {
  const auto status = file_status(above, place.name);
  if (status && status->target == target) return false;
  if (status && status->type == FileType::kDirectory) return failed(path, EISDIR);
  const std::string temporary = temporary_name();
  if (::symlinkat(target.c_str(), above, temporary.c_str()) < 0) return failed(path, errno);
  if (::renameat(above, temporary.c_str(), above, place.name.c_str()) == 0) return true;
  const int code = errno;
  ::unlinkat(above, temporary.c_str(), 0);
  return failed(path, code);
}

}  // namespace

Result<bool> make_folder(const Root& root, const std::string& path, const NewFolder& wanted) {
  constexpr mode_t kDefault = 0777;
  constexpr mode_t kOwnersOnly = 0700;
  const Place place = split(path);
  if (place.name.empty() && !path.empty() && wanted.parents) return false;
  if (!can_be_made(place)) return failed(path, path.empty() ? ENOENT : place.name.empty() ? EEXIST : EINVAL);
  auto above = folder_above(root, place.folder, wanted);
  if (!above) return place_error(std::move(above).error(), path);
  auto checked = CheckedPlace::check(root, above->get(), place, wanted.check);
  if (!checked) return place_error(std::move(checked).error(), path);
  // Until it has its mode, nobody else gets in.
  const mode_t first = wanted.mode ? kOwnersOnly : kDefault;
  if (::mkdirat(above->get(), place.name.c_str(), first) < 0) {
    if (errno == EEXIST && wanted.parents) return take_existing(above->get(), place, path);
    return failed(path, errno);
  }
  if (!checked->holds()) {
    ::unlinkat(above->get(), place.name.c_str(), AT_REMOVEDIR);
    return failed(path, EAGAIN);
  }
  if (wanted.mode) {
    if (auto given = give_mode(above->get(), place, path, *wanted.mode); !given) return std::move(given).error();
  }
  return true;
}

Result<bool> make_link(const Root& root, const std::string& path, const std::string& target, bool replace,
                       const PathCheck& check) {
  const Place place = split(path);
  if (!can_be_made(place)) return failed(path, path.empty() ? ENOENT : place.name.empty() ? EEXIST : EINVAL);
  if (target.find('\0') != std::string::npos) return failed(path, EINVAL);
  const auto above = open_folder(root, place.folder);
  if (!above) return failed(path, above.error().errno_value);
  auto checked = CheckedPlace::check(root, above->get(), place, check);
  if (!checked) return place_error(std::move(checked).error(), path);
  Result<bool> made = true;
  if (::symlinkat(target.c_str(), above->get(), place.name.c_str()) < 0) {
    if (errno != EEXIST || !replace) return failed(path, errno);
    made = replace_by_link(above->get(), place, path, target);
  }
  if (!made || !*made || checked->holds()) return made;
  ::unlinkat(above->get(), place.name.c_str(), 0);
  return failed(path, EAGAIN);
}

}  // namespace guestd::platform
