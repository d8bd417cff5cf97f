// SPDX-License-Identifier: Apache-2.0
#include "daemon/log.hpp"

#define FMT_HEADER_ONLY
#define SPDLOG_HEADER_ONLY
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <mutex>
#include <utility>

#include "daemon/held_lines.hpp"
#include "daemon/log_sinks.hpp"

namespace guestd::daemon {
namespace {

spdlog::level::level_enum spdlog_level(Log::Level level) {
  switch (level) {
    case Log::Level::kDebug:
      return spdlog::level::debug;
    case Log::Level::kInfo:
      return spdlog::level::info;
    case Log::Level::kWarning:
      return spdlog::level::warn;
    case Log::Level::kError:
      break;
  }
  return spdlog::level::err;
}

}  // namespace

struct Log::State {
  bool verbose = false;
  std::shared_ptr<FileSink> file;
  std::unique_ptr<spdlog::logger> logger;

  std::mutex mutex;  // also held while a line is handed over, so that hold() waits for it
  bool held = false;
  HeldLines<Level> lines;
};

Log::Log(std::unique_ptr<State> state) : state_(std::move(state)) {}
Log::~Log() { finish(); }

Result<std::unique_ptr<Log>> Log::open(const Settings& settings) {
  auto state = std::make_unique<State>();
  state->verbose = settings.verbose;
  state->held = settings.held;
  spdlog::sink_ptr sink;
  if (!settings.file.empty()) {
    sink = state->file = std::make_shared<FileSink>(settings.file);
    if (settings.held) {
      (void)state->file->file().hold(true);
      (void)state->file->file().reopen();
    } else if (auto opened = state->file->file().open(); !opened) {
      return std::move(opened).error();
    }
  } else if (!settings.foreground) {
    sink = open_journal_sink();
    if (!sink) sink = open_syslog_sink();
  }
  if (!sink) sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  sink->set_pattern(kFilePattern);
  state->logger = std::make_unique<spdlog::logger>("guestd", std::move(sink));
  state->logger->set_level(settings.verbose ? spdlog::level::debug : spdlog::level::info);
  state->logger->flush_on(spdlog::level::debug);
  return std::unique_ptr<Log>(new Log(std::move(state)));
}

bool Log::verbose() const { return state_->verbose; }

void Log::use_threads() {
  if (state_->file) state_->file->file().use_threads();
}

void Log::finish() {
  if (state_->file) state_->file->file().finish();
}

Result<void> Log::reopen() { return state_->file ? state_->file->file().reopen() : Result<void>(); }

void Log::hold() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->held = true;
    if (state_->file) (void)state_->file->file().hold(true);
  }
  if (state_->file) state_->file->file().settle();  // without the lock that everybody needs
}

Result<void> Log::release() {
  const std::lock_guard lock(state_->mutex);
  if (!std::exchange(state_->held, false)) return {};
  auto reopened = state_->file ? state_->file->file().hold(false) : Result<void>();
  const auto waiting = state_->lines.take();
  for (const auto& line : waiting.lines) {
    state_->logger->log(line.time, spdlog::source_loc{}, spdlog_level(line.level), line.text);
  }
  if (waiting.dropped > 0) {
    state_->logger->warn("{} lines after these were dropped while file systems were frozen", waiting.dropped);
  }
  return reopened;
}

void Log::write(Level level, std::string_view text) {
  if (level == Level::kDebug && !state_->verbose) return;
  const std::lock_guard lock(state_->mutex);
  if (state_->held) return state_->lines.add(level, text);
  state_->logger->log(spdlog_level(level), text);
}

}  // namespace guestd::daemon
