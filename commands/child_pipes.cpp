// SPDX-License-Identifier: Apache-2.0
#include "commands/child_pipes.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "platform/processes.hpp"
#include "platform/spool_file.hpp"

namespace guestd::commands {

std::string spool_folder(const std::string& state_directory) { return state_directory + '/' + "guestd-exec"; }

std::string spool_path(const std::string& state_directory, std::uint64_t spool, std::size_t index) {
  return spool_folder(state_directory) + "/" + std::to_string(spool) + (index == 0 ? ".out" : ".err");
}

Result<ChildPipes> ChildPipes::make(const ExecStart& start, const Settings& settings) {
  ChildPipes pipes;
  if (auto made = pipes.add(start, settings); !made) {
    pipes.remove_spools();
    return std::move(made).error();
  }
  return pipes;
}

void ChildPipes::remove_spools() const {
  for (const std::string& path : spool_paths) platform::remove_spool(path);
}

Result<void> ChildPipes::add(const ExecStart& start, const Settings& settings) {
  if (start.terminal) return add_terminal(start, settings);
  for (std::size_t index = 0; index < start.sinks.size(); ++index) {
    auto added = Result<void>();
    if (start.sinks[index] == ChildSink::kSpool) added = add_spool(index, settings);
    if (start.sinks[index] == ChildSink::kCapture) added = add_capture(index, start, settings);
    if (!added) return added;
  }
  return start.input_streams || start.input_is_given ? add_input() : Result<void>();
}

Result<void> ChildPipes::add_terminal(const ExecStart& start, const Settings& settings) {
  auto pair = platform::make_terminal(start.terminal->first, start.terminal->second);
  if (!pair) return std::move(pair).error();
  auto second = platform::duplicate(pair->ours);
  if (!second) return std::move(second).error();
  outputs[0] = std::move(pair->ours);
  program_input = std::move(pair->theirs);
  input = *std::move(second);
  captured[0] = std::make_shared<OutputStore>(settings.output_limit, start.when_full, settings.budget);
  return {};
}

Result<void> ChildPipes::add_capture(std::size_t index, const ExecStart& start, const Settings& settings) {
  auto pair = platform::make_pipe(platform::PipeUse::kProgramWrites);
  if (!pair) return std::move(pair).error();
  outputs[index] = std::move(pair->ours);
  program_outputs[index] = std::move(pair->theirs);
  captured[index] = std::make_shared<OutputStore>(settings.output_limit, start.when_full, settings.budget);
  return {};
}

Result<void> ChildPipes::add_spool(std::size_t index, const Settings& settings) {
  const std::string folder = spool_folder(settings.state_directory);
  if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST)
    return Error::from_errno("cannot make " + folder, errno);
  spool = settings.spool;
  const std::string path = spool_path(settings.state_directory, spool, index);
  auto file = platform::SpoolFile::create(path, settings.output_limit);
  if (!file) return std::move(file).error();
  spool_paths.push_back(path);
  auto theirs = file->open_for_program();
  if (!theirs) return std::move(theirs).error();
  program_outputs[index] = *std::move(theirs);
  spooled[index] = std::make_shared<SpooledOutput>(*std::move(file));
  return {};
}

Result<void> ChildPipes::add_input() {
  auto pair = platform::make_pipe(platform::PipeUse::kProgramReads);
  if (!pair) return std::move(pair).error();
  input = std::move(pair->ours);
  program_input = std::move(pair->theirs);
  return {};
}

}  // namespace guestd::commands
