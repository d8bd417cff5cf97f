// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/copy/archive.hpp"
#include "client/copy/download.hpp"
#include "client/copy/host_tree.hpp"
#include "client/copy/upload.hpp"
#include "client/main/capabilities.hpp"
#include "client/main/verbs.hpp"
#include "client/terminal/escape.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::guestctl {
namespace {

struct CpOptions {
  std::vector<std::string> paths;
  bool recursive = false;
  bool resume = false;
  bool no_checksum = false;
  bool no_owner = false;
  bool quiet = false;
};

constexpr std::chrono::minutes kPieceTime{1};

/// `:/path` and `guest:/path` are of the guest.
std::optional<std::string> guest_path(std::string_view word) {
  constexpr std::string_view kLong = "guest:";
  if (word.starts_with(':')) return std::string(word.substr(1));
  if (word.starts_with(kLong)) return std::string(word.substr(kLong.size()));
  return std::nullopt;
}

std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string base_name(const std::string& path) {
  const std::string plain = without_slashes(path);
  return plain.substr(plain.rfind('/') + 1);
}

std::string folder_name(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool is_host_folder(const std::string& path) {
  struct stat state {};
  return ::stat(path.c_str(), &state) == 0 && S_ISDIR(state.st_mode);
}

std::string inside(const std::string& folder, const std::string& name) {
  return (folder == "/" ? "" : without_slashes(folder)) + "/" + name;
}

/// All of one command line: sources on one side, the target on the other.
class Copying {
 public:
  Copying(const CpOptions& options, const copy::Guest& guest, copy::Progress& progress)
      : options_(options), guest_(guest), progress_(progress) {
    settings_.resume = options.resume;
    settings_.checksum = !options.no_checksum;
    settings_.owners = !options.no_owner;
    settings_.progress = &progress;
    settings_.warn = [this](std::string_view text) {
      progress_.clear();
      // One line, whatever is in a name.
      complain(terminal::printable(text));
    };
    settings_.cannot_resume = [this](std::string_view path, std::string_view why) {
      // One line, however many files.
      if (std::exchange(told_of_resuming_, true)) return;
      settings_.warn("--resume: " + std::string(path) + " is copied from its start (" + std::string(why) + ")");
    };
  }

  Result<bool> run() {
    std::vector<std::string> sources(options_.paths.begin(), options_.paths.end() - 1);
    const std::string& target = options_.paths.back();
    if (const auto path = guest_path(target)) return upload(sources, *path);
    return download(sources, target);
  }

 private:
  // --- to the guest ---

  Result<bool> upload(const std::vector<std::string>& sources, const std::string& target) {
    std::int64_t total = 0;
    if (progress_.shown()) {
      for (const std::string& source : sources)
        total += is_host_folder(source) ? copy::size_of_folder(source) : size_of(source);
      if (total > 0) progress_.set_total(total);
    }
    auto into = is_guest_folder(target);
    if (!into) return std::move(into).error();
    if (sources.size() > 1 && !*into) return Error{target + " is no folder of the guest"};
    bool whole = true;
    for (const std::string& source : sources) {
      if (source == "-" && *into) return Error{"standard input needs the name of a file in the guest"};
      auto sent = upload_one(source, *into ? inside(target, base_name(source)) : without_slashes(target));
      if (!sent) return sent;
      whole = whole && *sent;
    }
    return whole;
  }

  Result<bool> upload_one(const std::string& source, const std::string& path) {
    if (source == "-") {
      if (auto sent = copy::upload_pipe(guest_, STDIN_FILENO, path, settings_); !sent) return std::move(sent).error();
      return true;
    }
    if (is_host_folder(source)) {
      if (auto can = can_take_folders(source); !can) return std::move(can).error();
      tell_of_archive(path);
      const auto send = guest_.knows_attributes ? copy::upload_folder : copy::upload_archive;
      return send(guest_, without_slashes(source), path, settings_);
    }
    if (auto sent = copy::upload_file(guest_, source, path, settings_); !sent) return std::move(sent).error();
    return true;
  }

  Result<bool> is_guest_folder(const std::string& path) const {
    if (path.empty() || path.front() != '/') return Error{"'" + path + "' is no absolute path of the guest"};
    if (!guest_.knows_attributes) {
      return options_.recursive && guest_.runs_programs ? copy::is_folder_by_program(guest_, path)
                                                        : path.ends_with('/');
    }
    auto status = copy::status_at(guest_, path, true);
    if (!status) return std::move(status).error();
    if (*status) return (*status)->type == agent::GuestdFileType::kDirectory;
    if (path.ends_with('/') && !options_.recursive) return Error{path + ": there is no such folder in the guest"};
    return false;
  }

  // --- from the guest ---

  Result<bool> download(const std::vector<std::string>& sources, const std::string& target) {
    const bool into = is_host_folder(target);
    if (!into && target.ends_with('/')) return Error{"there is no folder " + target};
    if (sources.size() > 1 && !into) return Error{target + " is no folder"};
    bool whole = true;
    for (const std::string& source : sources) {
      const std::string path = without_slashes(*guest_path(source));
      if (path.empty() || path.front() != '/') return Error{"'" + path + "' is no absolute path of the guest"};
      auto brought = target == "-" ? download_to_output(path) : download_one(path, target, into);
      if (!brought) return brought;
      whole = whole && *brought;
    }
    return whole;
  }

  Result<bool> download_to_output(const std::string& path) {
    if (auto brought = copy::download_to_pipe(guest_, path, STDOUT_FILENO, settings_); !brought)
      return std::move(brought).error();
    return true;
  }

  Result<bool> download_one(const std::string& path, const std::string& target, bool into) {
    const std::string plain = without_slashes(target);
    const std::string name = into ? base_name(path) : base_name(plain);
    auto folder = copy::HostFolder::open(into ? target : folder_name(plain));
    if (!folder) return std::move(folder).error();
    auto is_folder = guest_.knows_attributes ? look_at(path) : is_folder_of_simple_agent(path);
    if (!is_folder) return is_folder;
    if (*is_folder) {
      if (auto can = can_take_folders(path); !can) return std::move(can).error();
      tell_of_archive(path);
      const auto bring = guest_.knows_attributes ? copy::download_folder : copy::download_archive;
      return bring(guest_, path, *folder, name, settings_);
    }
    if (auto brought = copy::download_file(guest_, path, *folder, name, settings_); !brought)
      return std::move(brought).error();
    return true;
  }

  /// Whether it is a folder; if not, how much there will be.
  Result<bool> look_at(const std::string& path) {
    auto status = copy::status_at(guest_, path, true);
    if (!status) return std::move(status).error();
    if (!*status) return Error{path + ": No such file or directory in the guest"};
    if ((*status)->type == agent::GuestdFileType::kDirectory) return true;
    if (progress_.shown() && options_.paths.size() == 2) progress_.set_total((*status)->size);
    return false;
  }

  Result<bool> is_folder_of_simple_agent(const std::string& path) const {
    if (!options_.recursive) return false;
    if (auto can = can_take_folders(path); !can) return std::move(can).error();
    return copy::is_folder_by_program(guest_, path);
  }

  Result<void> can_take_folders(const std::string& path) const {
    if (!options_.recursive) return Error{path + " is a folder; -r copies folders"};
    if (guest_.knows_attributes || guest_.runs_programs) return {};
    return Error::unsupported(
        "this agent knows files, but no folders, and may run no programs: copying folders takes guestd in the guest");
  }

  void tell_of_archive(const std::string& path) const {
    if (options_.resume && !guest_.knows_attributes) {
      settings_.cannot_resume(path, "this agent knows no folders: it goes as an archive");
    }
  }

  static std::int64_t size_of(const std::string& path) {
    struct stat state {};
    return ::stat(path.c_str(), &state) == 0 && S_ISREG(state.st_mode) ? state.st_size : 0;
  }

  const CpOptions& options_;
  const copy::Guest& guest_;
  copy::Progress& progress_;
  copy::Settings settings_;
  bool told_of_resuming_ = false;
};

void check_sides(const CpOptions& options) {
  if (options.paths.size() < 2) throw CLI::ValidationError("say what to copy, and where to");
  const bool to_guest = guest_path(options.paths.back()).has_value();
  for (std::size_t index = 0; index + 1 < options.paths.size(); ++index) {
    const bool of_guest = guest_path(options.paths[index]).has_value();
    if (of_guest == to_guest) {
      throw CLI::ValidationError(to_guest
                                     ? "both sides are of the guest; `guestctl exec -- cp` copies there"
                                     : "neither side is of the guest; its paths begin with a colon, as in :/etc/motd");
    }
  }
}

bool knows_attributes(const Capabilities& agent) {
  return agent.has(agent::calls::GuestdFileStat::kName) && agent.has(agent::calls::GuestdFileList::kName) &&
         agent.has(agent::calls::GuestdFileMakeDirectory::kName) &&
         agent.has(agent::calls::GuestdFileSetAttributes::kName);
}

bool runs_programs(const Capabilities& agent) {
  return agent.has(agent::calls::Exec::kName) && agent.has(agent::calls::ExecStatus::kName);
}

Result<int> run_cp(const CpOptions& options, const Context& context) {
  check_sides(options);
  auto connection = context.connect();
  if (!connection) return std::move(connection).error();
  auto agent = Capabilities::of(**connection);
  if (!agent) return std::move(agent).error();
  const copy::Guest guest{**connection, knows_attributes(*agent), runs_programs(*agent), context.limit_or(kPieceTime)};
  copy::Progress progress(!options.quiet);
  auto whole = Copying(options, guest, progress).run();
  if (!whole) progress.clear();
  if (!whole) return std::move(whole).error();
  return *whole ? kExitDone : kExitFailed;
}

}  // namespace

Action define_cp(CLI::App& app) {
  auto options = std::make_shared<CpOptions>();
  app.add_option("PATH", options->paths, "sources and target; a colon in front means the guest, - a pipe")->required();
  app.add_flag("-r,--recursive", options->recursive, "copy folders with all that is in them");
  app.add_flag("--resume", options->resume, "go on with files that are there in part");
  app.add_flag("--no-checksum", options->no_checksum, "do not compare checksums at the end");
  app.add_flag("--no-owner", options->no_owner, "do not keep owners and groups");
  app.add_flag("-q,--quiet", options->quiet, "show no progress");
  app.footer(
      "  guestctl cp notes :/root/         guestctl cp :/var/log/syslog .\n"
      "  guestctl cp -r :/etc backup       tar -c . | guestctl cp - :/tmp/all.tar");
  return [options](Context& context) { return run_cp(*options, context); };
}

}  // namespace guestd::guestctl
